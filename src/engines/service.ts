import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { checkInTime } from "./check-in-time.ts";
import { type Engine, type EngineJob, type EngineLocation, EngineUnreachable } from "./engine.ts";
import { engineNotFound, engineUnreachable } from "./errors.ts";
import type { Engines } from "./registry.ts";

/** The use cases of the engines routes. */
export type EngineService = ReturnType<typeof createEngineService>;

interface EngineServiceNeeds {
  readonly db: Database;
  readonly engines: Engines;
  readonly clock: Clock;
}

/** Reads the state, the jobs and the locations of the engines of this deployment. */
export function createEngineService({ db, engines, clock }: EngineServiceNeeds) {
  /** Checks all engines at once, each for 5 seconds at most. An engine that hangs is listed as failing. */
  async function list() {
    const running = await countRunning(db);
    const checks = await Promise.all(engines.all.map((engine) => checkInTime(engine)));
    return engines.all.map((engine, index) => ({
      name: engine.name,
      is_default: engine.name === engines.defaultName,
      state: checks[index]?.state ?? "failing",
      detail: checks[index]?.detail ?? "",
      running: running.get(engine.name) ?? 0,
      room: engine.room(),
      checked_at: clock.now().toISOString(),
    }));
  }

  /** @throws ENGINE_NOT_FOUND; DAGSTER_ERROR when the engine could not be asked */
  function listJobs(name: string): Promise<readonly EngineJob[]> {
    return ask(name, (engine) => engine.jobs());
  }

  /** @throws ENGINE_NOT_FOUND; DAGSTER_ERROR when the engine could not be asked */
  function listLocations(name: string): Promise<readonly EngineLocation[]> {
    return ask(name, (engine) => engine.locations());
  }

  async function ask<Answer>(name: string, question: (engine: Engine) => Promise<Answer>): Promise<Answer> {
    const engine = engines.find(name);
    if (engine === undefined) throw engineNotFound(name);
    try {
      return await question(engine);
    } catch (error) {
      throw error instanceof EngineUnreachable ? engineUnreachable(name, error.message) : error;
    }
  }

  return { list, listJobs, listLocations };
}

/** Runs under way by engine name. Counts sessions: no process knows all runs of the local engine. */
async function countRunning(db: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ engine: string; running: number }>`
    select engine, count(*)::integer as running from ailbl_open_session where phase = 'active' group by engine`.execute(
    db,
  );
  return new Map(rows.map(({ engine, running }) => [engine, running]));
}

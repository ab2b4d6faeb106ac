import { sql } from "kysely";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { checkInTime } from "./engines/check-in-time.ts";
import type { Engine, EngineJob } from "./engines/engine.ts";
import { engineNotFound } from "./errors.ts";

export type EngineService = ReturnType<typeof createEngineService>;

interface EngineServiceNeeds {
  readonly db: Database;
  readonly engine: Engine;
  readonly clock: Clock;
}

/** What can be asked about the engines of this deployment. */
export function createEngineService({ db, engine, clock }: EngineServiceNeeds) {
  async function list() {
    const [check, running] = await Promise.all([checkInTime(engine), countRunning(db, engine.name)]);
    return [{ name: engine.name, ...check, running, room: engine.room(), checked_at: clock.now().toISOString() }];
  }

  /** @throws ENGINE_NOT_FOUND */
  async function listJobs(name: string): Promise<readonly EngineJob[]> {
    if (name !== engine.name) throw engineNotFound(name);
    return engine.jobs();
  }

  return { list, listJobs };
}

/** Counted by their sessions: of an engine that lives in each process, no process knows all runs. */
async function countRunning(db: Database, engine: string): Promise<number> {
  const { rows } = await sql<{ running: number }>`
    select count(*)::integer as running from ailbl_session
    where phase = 'active' and engine = ${engine}`.execute(db);
  return rows[0]?.running ?? 0;
}

import type { Clock } from "../platform/clock.ts";
import type { Engine, EngineJob } from "./engines/engine.ts";
import { engineNotFound } from "./errors.ts";

export type EngineService = ReturnType<typeof createEngineService>;

/** What can be asked about the engines of this deployment. */
export function createEngineService({ engine, clock }: { engine: Engine; clock: Clock }) {
  async function list() {
    return [{ name: engine.name, ...(await engine.check()), checked_at: clock.now().toISOString() }];
  }

  /** @throws ENGINE_NOT_FOUND */
  async function listJobs(name: string): Promise<readonly EngineJob[]> {
    if (name !== engine.name) throw engineNotFound(name);
    return engine.jobs();
  }

  return { list, listJobs };
}

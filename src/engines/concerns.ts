import type { Database } from "../platform/database/tables.ts";
import { type Concerns, mostConcerns } from "../platform/resource/concerns.ts";
import { listMissingEngines } from "../schedules/missing-engines.ts";
import { checkInTime } from "./check-in-time.ts";
import type { Engines } from "./registry.ts";

/** Those that do not work, and those that enabled schedules name and this deployment does not have. */
export async function findFailingEngines(db: Database, engines: Engines): Promise<Concerns> {
  // Within the time that the overview gives to each part.
  const checks = await Promise.all(engines.all.map((engine) => checkInTime(engine, 2)));
  const failing = engines.all.flatMap(({ name }, index) => {
    const check = checks[index];
    return check?.state === "failing" ? [{ id: name, name, why: check.detail, since: null }] : [];
  });
  const missing = (await listMissingEngines(db, engines)).map((name) => ({
    id: name,
    name,
    why: "Enabled schedules name it, and this deployment has no engine of that name: their sessions wait",
    since: null,
  }));
  const items = [...failing, ...missing];
  return { total: items.length, items: items.slice(0, mostConcerns) };
}

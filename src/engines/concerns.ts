import { type Concerns, maxConcerns } from "../platform/resource/concerns.ts";
import { checkInTime } from "./check-in-time.ts";
import type { Engines } from "./registry.ts";

/**
 * Lists engines that fail their check, and engines that this deployment does not have.
 *
 * @param missing engine names of enabled schedules that are not configured here
 */
export async function findFailingEngines(engines: Engines, missing: readonly string[]): Promise<Concerns> {
  // The overview gives each room 3 seconds.
  const checks = await Promise.all(engines.all.map((engine) => checkInTime(engine, 2)));
  const failing = engines.all.flatMap(({ name }, index) => {
    const check = checks[index];
    return check?.state === "failing" ? [{ id: name, name, why: check.detail, since: null }] : [];
  });
  const absent = missing.map((name) => ({
    id: name,
    name,
    why: "Enabled schedules name this engine, and this deployment does not have it: their sessions wait. Configure the engine, or change the schedules",
    since: null,
  }));
  const items = [...failing, ...absent];
  return { total: items.length, items: items.slice(0, maxConcerns) };
}

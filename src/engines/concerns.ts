import { type Concerns, maxConcerns } from "../platform/resource/concerns.ts";
import { checkInTime } from "./check-in-time.ts";
import type { Engines } from "./registry.ts";

/**
 * Engines that fail their check, and engines that this deployment lacks.
 *
 * @param missing names that enabled schedules have and this deployment has not
 */
export async function findFailingEngines(engines: Engines, missing: readonly string[]): Promise<Concerns> {
  // Within the time that the overview gives to each part.
  const checks = await Promise.all(engines.all.map((engine) => checkInTime(engine, 2)));
  const failing = engines.all.flatMap(({ name }, index) => {
    const check = checks[index];
    return check?.state === "failing" ? [{ id: name, name, why: check.detail, since: null }] : [];
  });
  const absent = missing.map((name) => ({
    id: name,
    name,
    why: "Enabled schedules name it, and this deployment has no engine of that name: their sessions wait",
    since: null,
  }));
  const items = [...failing, ...absent];
  return { total: items.length, items: items.slice(0, maxConcerns) };
}

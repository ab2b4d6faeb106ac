import { createCroner } from "./croner.ts";
import type { CronTrigger, DstPolicy } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { createZonedTimetable } from "./zoned.ts";

/**
 * The instants of a cron expression.
 *
 * | hours, minutes and seconds | example | follow | computed by croner |
 * | --- | --- | --- | --- |
 * | with `*` or a step | `0 * * * *` | real time, whatever the policy | in the zone itself |
 * | fixed | `30 2 * * *` | the wall clock; the policy decides gaps and overlaps | in UTC, then mapped to the zone |
 *
 * The default policy (`shift`, `first`) treats changes of the clocks as Vixie cron does. Day of month and day of week are ORed when
 * neither is `*`: `0 0 1-31/2 * 1` fires on odd days and on Mondays.
 *
 * @param trigger its expression is one that parseExpression returned
 */
export function createCronTimetable({ expression, time_zone }: CronTrigger, dst: DstPolicy): Timetable {
  if (!isFixedTime(expression)) return createCroner(expression, time_zone);
  return createZonedTimetable(createCroner(expression, "UTC"), time_zone, dst);
}

/** No wildcard and no step in the fields before the days, as in croner's own rule for fixed times. */
function isFixedTime(expression: string): boolean {
  if (expression.startsWith("@")) return expression !== "@hourly";
  return !/[*/]/.test(expression.split(" ").slice(0, -3).join(" "));
}

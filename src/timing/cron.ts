import { Cron } from "croner";
import { explainCronFault } from "./cron-fault.ts";
import { cronParseError } from "./errors.ts";
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
 * The default policy (`shift`, `first`) is the behaviour of Vixie cron.
 *
 * @throws CRON_PARSE_ERROR when croner refuses the expression
 */
export function createCronTimetable({ expression, time_zone }: CronTrigger, dst: DstPolicy): Timetable {
  try {
    if (!isFixedTime(expression)) return new Cron(expression, toOptions(time_zone));
    return createZonedTimetable(new Cron(expression, toOptions("UTC")), time_zone, dst);
  } catch (error) {
    const { reason, position } = explainCronFault(expression, error, isParsed);
    throw cronParseError(expression, reason, position);
  }
}

/** No wildcard and no step in the fields before the days, as in croner's own rule for fixed times. */
function isFixedTime(expression: string): boolean {
  if (expression.startsWith("@")) return expression !== "@hourly";
  return !/[*/]/.test(expression.split(" ").slice(0, -3).join(" "));
}

function toOptions(timezone: string) {
  return { timezone, mode: "5-or-6-parts", paused: true } as const;
}

function isParsed(expression: string): boolean {
  try {
    new Cron(expression, toOptions("UTC"));
    return true;
  } catch {
    return false;
  }
}

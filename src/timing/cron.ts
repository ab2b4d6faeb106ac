import { Cron } from "croner";
import { explainFault } from "./cron-fault.ts";
import { cronParseError } from "./errors.ts";
import type { CronTrigger, DstPolicy } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { createZonedTimetable } from "./zoned.ts";

/**
 * Wildcards follow real time, which croner does in the zone itself. Fixed times, without `*` and steps, are times of the wall
 * clock: croner has them in UTC, and the policy says what they are in the zone. Its default is what Vixie's cron does.
 *
 * @throws CRON_PARSE_ERROR
 */
export function createCronTimetable({ expression, time_zone }: CronTrigger, dst: DstPolicy): Timetable {
  try {
    if (!isFixedTime(expression)) return new Cron(expression, toOptions(time_zone));
    return createZonedTimetable(new Cron(expression, toOptions("UTC")), time_zone, dst);
  } catch (error) {
    const { reason, position } = explainFault(expression, error, isParsed);
    throw cronParseError(expression, reason, position);
  }
}

/** As croner's rule "no-wildcard" has it: no wildcard and no step in what is before the days. */
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

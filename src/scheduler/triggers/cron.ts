import { Cron } from "croner";
import { cronParseError } from "../errors.ts";
import type { CronTrigger } from "../model.ts";
import { positionOf } from "./cron-expression.ts";
import type { Timetable } from "./timetable.ts";

/**
 * Daylight saving as Vixie's cron has it: fixed times (without `*` and steps) that do not exist run at the first instant
 * after the gap, those that exist twice run once, the first time; wildcards follow real time. Hence "no-wildcard".
 *
 * @throws CRON_PARSE_ERROR
 */
export function createCronTimetable({ expression, time_zone }: CronTrigger): Timetable {
  try {
    return new Cron(expression, toOptions(time_zone));
  } catch (error) {
    throw cronParseError(expression, toReason(error), findPosition(expression));
  }
}

function toOptions(timezone: string) {
  return { timezone, fixedTimeRule: "no-wildcard", mode: "5-or-6-parts", paused: true } as const;
}

function toReason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "");
}

/** The first field that is wrong by itself, tried alone among wildcards. */
function findPosition(expression: string): number | undefined {
  const fields = expression.split(" ");
  const index = fields.findIndex(
    (field, at) => !isParsed(fields.map((_, other) => (other === at ? field : "*")).join(" ")),
  );
  return index === -1 ? undefined : positionOf(fields, index);
}

function isParsed(expression: string): boolean {
  try {
    new Cron(expression, toOptions("UTC"));
    return true;
  } catch {
    return false;
  }
}

import type { DstPolicy, FreqTrigger } from "./model.ts";
import { createTimetable, type Steps, type Timetable } from "./timetable.ts";
import { toWall, toWallTime } from "./wall-clock.ts";
import { createZonedTimetable } from "./zoned.ts";

/** Knows its instants by their number: the anchor is 0, and none lies before it. */
interface Numbered {
  toInstant(number: number): number;
  /** The number of an instant near `time`, off by one or two at most. */
  estimate(time: number): number;
}

/**
 * Minutes and hours are elapsed time: daylight saving does not touch them. Days, weeks and months are steps of the
 * calendar from the anchor's wall clock, each counted from the anchor itself, so that January 31 and every month is the
 * last of February and then March 31. What they are where the clocks change, the policy says.
 */
export function createFreqTimetable(trigger: FreqTrigger, dst: DstPolicy): Timetable {
  if (trigger.unit === "minute" || trigger.unit === "hour") return createTimetable(toSteps(createElapsed(trigger)));
  const walls = createTimetable(toSteps(createCalendar(trigger)));
  return startAt(createZonedTimetable(walls, trigger.time_zone, dst), Date.parse(trigger.anchor));
}

function toSteps({ estimate, toInstant }: Numbered): Steps {
  return {
    findNext(after) {
      let number = Math.max(0, estimate(after) - 2);
      while (toInstant(number) <= after) number += 1;
      return toInstant(number);
    },
    findPrevious(before) {
      let number = Math.max(0, estimate(before)) + 2;
      while (number >= 0 && toInstant(number) >= before) number -= 1;
      return number < 0 ? null : toInstant(number);
    },
  };
}

const unitMilliseconds = { minute: 60_000, hour: 3_600_000 } as const;

function createElapsed({ every, unit, anchor }: FreqTrigger): Numbered {
  const start = Date.parse(anchor);
  const step = every * unitMilliseconds[unit as keyof typeof unitMilliseconds];
  return {
    toInstant: (number) => start + number * step,
    estimate: (time) => Math.floor((time - start) / step),
  };
}

/** Wall clocks, as if they were UTC. */
function createCalendar({ every, unit, anchor, time_zone }: FreqTrigger): Numbered {
  const start = toWall(Date.parse(anchor), time_zone);
  const months = unit === "month" ? every : 0;
  const days = unit === "month" ? 0 : every * (unit === "week" ? 7 : 1);
  const startTime = toWallTime(Date.parse(anchor), time_zone);
  return {
    toInstant: (number) =>
      start.add({ months: number * months, days: number * days }).toZonedDateTime("UTC").epochMilliseconds,
    estimate: (time) => {
      const wall = toWall(time, "UTC");
      const passed =
        months > 0
          ? ((wall.year - start.year) * 12 + wall.month - start.month) / months
          : (time - startTime) / (days * 86_400_000);
      return Math.floor(passed);
    },
  };
}

/** The anchor may be the second pass of a time that exists twice: the first is no instant then, lying before it. */
function startAt(base: Timetable, start: number): Timetable {
  return {
    nextRun: (after) => base.nextRun(new Date(Math.max(after.getTime(), start - 1))),
    nextRuns: (count, after) => base.nextRuns(count, new Date(Math.max(after.getTime(), start - 1))),
    previousRuns: (count, before) => base.previousRuns(count, before).filter((at) => at.getTime() >= start),
  };
}

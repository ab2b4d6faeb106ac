import type { DstPolicy, FreqTrigger } from "./model.ts";
import { createTimetable, type Steps, type Timetable } from "./timetable.ts";
import { toWall, toWallTime } from "./wall-clock.ts";
import { createZonedTimetable } from "./zoned.ts";

/** Instants by their number: 0 is the anchor, and no instant is earlier. */
interface Numbered {
  toInstant(number: number): number;
  /** The number of an instant near `time`; wrong by 2 at most. */
  estimate(time: number): number;
}

/**
 * The instants of a frequency, from its anchor on.
 *
 * | unit | one step is | example |
 * | --- | --- | --- |
 * | minute, hour | elapsed time, whatever the clocks do | every 24 hours from 12:00 is at 13:00 in summer |
 * | day, week, month | a step of the calendar from the anchor's wall clock; the policy decides gaps and overlaps | every day at 12:00 |
 *
 * Each step of the calendar is counted from the anchor, not from the step before: every month from January 31 is February 28,
 * then March 31.
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

/** Wall clocks, read as if they were UTC. */
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

/** If the anchor is the second pass of a wall clock that is shown twice, the first pass is before the anchor and no instant. */
function startAt(base: Timetable, start: number): Timetable {
  return {
    nextRun: (after) => base.nextRun(new Date(Math.max(after.getTime(), start - 1))),
    nextRuns: (count, after) => base.nextRuns(count, new Date(Math.max(after.getTime(), start - 1))),
    previousRuns: (count, before) => base.previousRuns(count, before).filter((at) => at.getTime() >= start),
  };
}

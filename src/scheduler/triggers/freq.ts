import type { FreqTrigger } from "../model.ts";
import { listSteps, type Timetable } from "./timetable.ts";
import { toEpoch, toWall } from "./wall-clock.ts";

/** Knows its instants by their number: the anchor is 0, and none lies before it. */
interface Numbered {
  toInstant(number: number): number;
  /** The number of an instant near `time`, off by one or two at most. */
  estimate(time: number): number;
}

/**
 * Minutes and hours are elapsed time: daylight saving does not touch them. Days, weeks and months are steps of the
 * calendar from the anchor's wall clock, each counted from the anchor itself, so that January 31 and every month is the
 * last of February and then March 31. A wall clock that does not exist is the first instant after the gap; of one that
 * exists twice, the first.
 */
export function createFreqTimetable(trigger: FreqTrigger): Timetable {
  const numbered =
    trigger.unit === "minute" || trigger.unit === "hour" ? createElapsed(trigger) : createCalendar(trigger);

  function findNext(after: number): number {
    let number = Math.max(0, numbered.estimate(after) - 2);
    while (numbered.toInstant(number) <= after) number += 1;
    return numbered.toInstant(number);
  }

  function findPrevious(before: number): number | null {
    let number = Math.max(0, numbered.estimate(before)) + 2;
    while (number >= 0 && numbered.toInstant(number) >= before) number -= 1;
    return number < 0 ? null : numbered.toInstant(number);
  }

  return {
    nextRun: (after) => new Date(findNext(after.getTime())),
    nextRuns: (count, after) => listSteps(count, after.getTime(), findNext),
    previousRuns: (count, before) => listSteps(count, before.getTime(), findPrevious),
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

function createCalendar({ every, unit, anchor, time_zone }: FreqTrigger): Numbered {
  const start = toWall(Date.parse(anchor), time_zone);
  const months = unit === "month" ? every : 0;
  const days = unit === "month" ? 0 : every * (unit === "week" ? 7 : 1);
  return {
    toInstant: (number) => toEpoch(start.add({ months: number * months, days: number * days }), time_zone),
    estimate: (time) => {
      const wall = toWall(time, time_zone);
      const passed =
        months > 0
          ? ((wall.year - start.year) * 12 + wall.month - start.month) / months
          : start.toPlainDate().until(wall.toPlainDate(), { largestUnit: "days" }).days / days;
      return Math.floor(passed);
    },
  };
}

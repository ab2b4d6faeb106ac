import type { Active } from "./model.ts";
import { createTimetable, type Timetable } from "./timetable.ts";
import { findChangeAfter, findChangeBefore, toEpoch, toWall } from "./wall-clock.ts";

/** Farther away than this the search gives up: a window may contain no instant at all. Five years. */
const horizonMilliseconds = 5 * 366 * 86_400_000;

/**
 * The instants of `base` at which the zone's wall clock is inside the window.
 *
 * From an instant outside, the search leaps to the next opening of the window (backwards: to the last closing) instead of trying
 * every instant between. A leap stops at a change of the clocks, since clocks that are set back may open the window again.
 *
 * ```
 *   base      ● ● ● ● ● ● ● ● ● ● ● ●
 *   window        [     )         [     )
 *   search    ●───►● ● ● ●────────►● ●
 * ```
 */
export function createWindowedTimetable(base: Timetable, active: Active, zone: string): Timetable {
  const contains = (time: number) => isInside(active, toWall(time, zone));

  function findNext(after: number): number | null {
    let at = base.nextRun(new Date(after))?.getTime() ?? null;
    while (at !== null && !contains(at)) {
      const opening = findOpening(active, toWall(at, zone));
      if (opening === null || at > after + horizonMilliseconds) return null;
      const leap =
        Math.min(toEpoch(opening, zone, "earlier"), findChangeAfter(at, zone) ?? Number.POSITIVE_INFINITY) - 1;
      // Never back to before the instant itself: a change of the clocks may move the opening there.
      at = base.nextRun(new Date(Math.max(at, leap)))?.getTime() ?? null;
    }
    return at;
  }

  function findPrevious(before: number): number | null {
    let at = base.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
    while (at !== null && !contains(at)) {
      const closing = findClosing(active, toWall(at, zone));
      if (closing === null || at < before - horizonMilliseconds) return null;
      const leap = Math.max(
        toEpoch(closing, zone, "later"),
        findChangeBefore(at + 1, zone) ?? Number.NEGATIVE_INFINITY,
      );
      at = base.previousRuns(1, new Date(Math.min(at, leap)))[0]?.getTime() ?? null;
    }
    return at;
  }

  return createTimetable({ findNext, findPrevious });
}

const midnight = Temporal.PlainTime.from("00:00");

/** The day is the date of the instant itself, also after midnight in a window that spans midnight. */
function isInside(active: Active, wall: Temporal.PlainDateTime): boolean {
  return isOnDay(active, wall.toPlainDate()) && isAtTime(active, wall.toPlainTime());
}

function isOnDay({ start_date, end_date, days_of_week }: Active, date: Temporal.PlainDate): boolean {
  const day = date.toString();
  if (start_date !== null && day < start_date) return false;
  if (end_date !== null && day > end_date) return false;
  return days_of_week === null || days_of_week.includes(date.dayOfWeek);
}

function isAtTime({ start_time, end_time }: Active, time: Temporal.PlainTime): boolean {
  const isFrom = start_time === null || Temporal.PlainTime.compare(time, start_time) >= 0;
  const isBefore = end_time === null || Temporal.PlainTime.compare(time, end_time) < 0;
  return spansMidnight(start_time, end_time) ? isFrom || isBefore : isFrom && isBefore;
}

function spansMidnight(start: string | null, end: string | null): boolean {
  return start !== null && end !== null && end < start;
}

/** The next wall clock at which the window may open, after one outside: its start time today, or the next midnight. */
function findOpening(active: Active, wall: Temporal.PlainDateTime): Temporal.PlainDateTime | null {
  const { start_date, end_date, start_time } = active;
  const date = wall.toPlainDate();
  if (end_date !== null && date.toString() > end_date) return null;
  if (start_date !== null && date.toString() < start_date)
    return Temporal.PlainDate.from(start_date).toPlainDateTime(midnight);
  const today = start_time === null ? null : date.toPlainDateTime(start_time);
  if (isOnDay(active, date) && today !== null && Temporal.PlainDateTime.compare(today, wall) > 0) return today;
  return date.add({ days: 1 }).toPlainDateTime(midnight);
}

/** The last wall clock at which the window may have closed, before one outside: its end time today, or the midnight before. */
function findClosing(active: Active, wall: Temporal.PlainDateTime): Temporal.PlainDateTime | null {
  const { start_date, end_date, end_time } = active;
  const date = wall.toPlainDate();
  if (start_date !== null && date.toString() < start_date) return null;
  if (end_date !== null && date.toString() > end_date)
    return Temporal.PlainDate.from(end_date).add({ days: 1 }).toPlainDateTime(midnight);
  const today = end_time === null ? null : date.toPlainDateTime(end_time);
  if (isOnDay(active, date) && today !== null && Temporal.PlainDateTime.compare(today, wall) <= 0) return today;
  return date.toPlainDateTime(midnight);
}

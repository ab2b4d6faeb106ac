import type { Active } from "./model.ts";
import { createTimetable, type Timetable } from "./timetable.ts";
import { findChangeAfter, findChangeBefore, toEpoch, toWall } from "./wall-clock.ts";

/** An instant that lies farther off than this is taken as none: a window may never meet its trigger. */
const horizonMilliseconds = 5 * 366 * 86_400_000;

/**
 * The instants of a timetable that lie in the window, by the wall clock of the zone. Outside, it is not tried instant by
 * instant: from each one the search goes on where the window next opens, or last closed. No leap passes a change of the
 * clocks: one that sets them back may open a window anew that was closed.
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
      // An opening that a change of the clocks brings to or before the instant itself must not hold the search up.
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

/** Days by the instant's own date, also after midnight in a window that passes it. */
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
  return passesMidnight(start_time, end_time) ? isFrom || isBefore : isFrom && isBefore;
}

function passesMidnight(start: string | null, end: string | null): boolean {
  return start !== null && end !== null && end < start;
}

/** When the window may open next after a wall clock that is outside: at its time of this day, or with the next day. */
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

/** When the window may have closed last before a wall clock that is outside: at its time of this day, or with the last day. */
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

import type { Timetable } from "./timetable.ts";

/** 0001-01-01T00:00:00.000Z. */
const first = -62_135_596_800_000;
/** 9999-12-31T23:59:59.999Z. */
const last = 253_402_300_799_999;

/**
 * The instants of `base` from the year 1 to the year 9999, in UTC. RFC 3339 writes no other years: JavaScript would write the next
 * one as `+010000-01-31T12:00:00.000Z`, which few clients can read.
 */
export function createFourDigitYears(base: Timetable): Timetable {
  return {
    nextRun(after) {
      const instant = base.nextRun(after);
      return instant !== null && isWritable(instant) ? instant : null;
    },
    nextRuns: (count, after) => base.nextRuns(count, after).filter(isWritable),
    previousRuns: (count, before) => base.previousRuns(count, before).filter(isWritable),
  };
}

function isWritable(instant: Date): boolean {
  const time = instant.getTime();
  return time >= first && time <= last;
}

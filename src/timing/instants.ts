import { createRecentMap } from "../platform/recent-map.ts";
import type { Timing } from "./model.ts";
import type { Timetable } from "./timetable.ts";
import { createTimingTimetable } from "./timing-timetable.ts";

/** Bounds the memory of the memo: it keeps at most twice as many. With more distinct timings than this, some are parsed again. */
const maxMemoized = 5000;

/** A timetable with its last two answers. Schedules that share a timing are due together, so the same question comes again. */
interface Memoized {
  readonly timetable: Timetable;
  next: Answer | null;
  previous: Answer | null;
}

interface Answer {
  readonly time: number;
  readonly instant: Date | null;
}

/**
 * Timetables by the content of their timing: parsing an expression takes about 0.1 ms, as long as finding an instant.
 *
 * It may live in the module because it is a memo of pure functions: the key holds everything that an answer depends on, so no
 * caller can observe whether an answer was computed or remembered.
 */
const memo = createRecentMap<string, Memoized>(maxMemoized);

/** The first instant after `after`; null when there is none. */
export function findNextInstant(timing: Timing, after: Date): Date | null {
  const memoized = memoize(timing);
  if (memoized.next?.time !== after.getTime())
    memoized.next = { time: after.getTime(), instant: memoized.timetable.nextRun(after) };
  return memoized.next.instant;
}

/** At most `count` instants after `after`, oldest first. */
export function listNextInstants(timing: Timing, after: Date, count: number): Date[] {
  return memoize(timing).timetable.nextRuns(count, after);
}

/** The last instant before `before`; null when there is none. */
export function findPreviousInstant(timing: Timing, before: Date): Date | null {
  const memoized = memoize(timing);
  if (memoized.previous?.time !== before.getTime()) {
    memoized.previous = { time: before.getTime(), instant: memoized.timetable.previousRuns(1, before)[0] ?? null };
  }
  return memoized.previous.instant;
}

function memoize(timing: Timing): Memoized {
  const key = toKey(timing);
  const known = memo.get(key);
  if (known !== undefined) return known;
  const memoized: Memoized = { timetable: createTimingTimetable(timing), next: null, previous: null };
  memo.set(key, memoized);
  return memoized;
}

function toKey({ trigger, active, policy }: Timing): string {
  const rest = `${policy.dst_gap} ${policy.dst_overlap} ${active === null ? "" : JSON.stringify(active)}`;
  if (trigger.type === "cron") return `${trigger.time_zone} ${trigger.expression} ${rest}`;
  return `${trigger.time_zone} ${trigger.every} ${trigger.unit} ${trigger.anchor} ${rest}`;
}

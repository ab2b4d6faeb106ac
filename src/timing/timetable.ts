/**
 * A sequence of instants, which may be endless in both directions. Null, or fewer than `count`, means that the sequence ends there.
 * croner's `Cron` has this shape.
 */
export interface Timetable {
  /** The first instant after `after`. */
  nextRun(after: Date): Date | null;
  /** At most `count` instants after `after`, oldest first. */
  nextRuns(count: number, after: Date): Date[];
  /** At most `count` instants before `before`, newest first. */
  previousRuns(count: number, before: Date): Date[];
}

/** One step in each direction, in milliseconds since the epoch; null at the end of the sequence. */
export interface Steps {
  findNext(after: number): number | null;
  findPrevious(before: number): number | null;
}

/** A timetable that goes from each instant to its neighbour by one step. */
export function createTimetable({ findNext, findPrevious }: Steps): Timetable {
  return {
    nextRun: (after) => listSteps(1, after.getTime(), findNext)[0] ?? null,
    nextRuns: (count, after) => listSteps(count, after.getTime(), findNext),
    previousRuns: (count, before) => listSteps(count, before.getTime(), findPrevious),
  };
}

function listSteps(count: number, from: number, step: (from: number) => number | null): Date[] {
  const instants: Date[] = [];
  for (let at: number | null = from; instants.length < count; ) {
    at = step(at);
    if (at === null) break;
    instants.push(new Date(at));
  }
  return instants;
}

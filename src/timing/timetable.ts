/** The instants of a trigger, in their order and without end or beginning; or with, where these answer null or less. */
export interface Timetable {
  /** The first instant after `after`; null when none is to come. */
  nextRun(after: Date): Date | null;
  /** At most `count` instants after `after`. */
  nextRuns(count: number, after: Date): Date[];
  /** At most `count` instants before `before`, the newest first. */
  previousRuns(count: number, before: Date): Date[];
}

/** One step either way, in milliseconds since the epoch. */
export interface Steps {
  findNext(after: number): number | null;
  findPrevious(before: number): number | null;
}

export function createTimetable({ findNext, findPrevious }: Steps): Timetable {
  return {
    nextRun: (after) => listSteps(1, after.getTime(), findNext)[0] ?? null,
    nextRuns: (count, after) => listSteps(count, after.getTime(), findNext),
    previousRuns: (count, before) => listSteps(count, before.getTime(), findPrevious),
  };
}

/** At most `count` steps, each from the one before. */
function listSteps(count: number, from: number, step: (from: number) => number | null): Date[] {
  const instants: Date[] = [];
  for (let at: number | null = from; instants.length < count; ) {
    at = step(at);
    if (at === null) break;
    instants.push(new Date(at));
  }
  return instants;
}

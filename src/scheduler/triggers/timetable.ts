/** The instants of a trigger, in their order and without end or beginning; or with, where these answer null or less. */
export interface Timetable {
  /** The first instant after `after`; null when none is to come. */
  nextRun(after: Date): Date | null;
  /** At most `count` instants after `after`. */
  nextRuns(count: number, after: Date): Date[];
  /** At most `count` instants before `before`, the newest first. */
  previousRuns(count: number, before: Date): Date[];
}

/** At most `count` steps, each from the one before. */
export function listSteps(count: number, from: number, step: (from: number) => number | null): Date[] {
  const instants: Date[] = [];
  for (let at = step(from); at !== null && instants.length < count; at = step(at)) instants.push(new Date(at));
  return instants;
}

/** A source of "now". In a running program it is the time that all processes share ({@link ComparedClock}). */
export interface Clock {
  now(): Date;
}

/** The clock of the machine, as it is set; tests have clocks of their own. */
export const systemClock: Clock = { now: () => new Date() };

/**
 * The time that all processes of a deployment share, whatever the clock of each machine says. The machine's clock is compared
 * with a second one, because it may be wrong and may be set at any time.
 *
 * | database | second clock | file |
 * | --- | --- | --- |
 * | shared | the database's | database/database-clock.ts |
 * | embedded, whose clock is the machine's | the time since the machine started | steady-clock.ts |
 */
export interface ComparedClock extends Clock {
  /** Names the second clock in messages. */
  readonly reference: string;
  /** Compares the clocks anew. @returns the seconds that the machine's clock is ahead at least; negative when it is behind */
  compare(): Promise<number>;
  /** Waits for a comparison under way. */
  close(): Promise<void>;
}

/**
 * A machine's clock that differs by more than this is off: something is wrong with one of the two clocks, and EOM does nothing
 * that cannot be undone by their time. Above what NTP corrects in small steps, below the period of most schedules.
 */
export const maxClockDifferenceSeconds = 30;

/** For example `3600.0 s ahead`. */
export function toDeltaText(aheadSeconds: number): string {
  return `${Math.abs(aheadSeconds).toFixed(1)} s ${aheadSeconds < 0 ? "behind" : "ahead"}`;
}

/** Milliseconds that never go back, even if somebody sets the machine's clock: for durations and pauses. */
export type Monotonic = () => number;

/** Since the start of the process. Stands still while the machine is suspended. */
export const systemMonotonic: Monotonic = () => performance.now();

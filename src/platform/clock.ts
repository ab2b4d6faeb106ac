/** The one source of "now" in the process. Leases and periods go by the database's clock instead. */
export interface Clock {
  now(): Date;
}

/** The clock of the machine; tests have clocks of their own. */
export const systemClock: Clock = { now: () => new Date() };

/** Milliseconds that never go back, even if somebody sets the machine's clock: for durations and pauses. */
export type Monotonic = () => number;

/** Since the start of the process. */
export const systemMonotonic: Monotonic = () => performance.now();

/** The one source of "now" in the process. Leases and periods are decided by the database's clock instead. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

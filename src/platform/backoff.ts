/** Doublings after which the pause no longer grows: 2^30 times the first is beyond every bound in use. */
const maxDoublings = 30;

interface Backoff {
  /** The longest pause after the first failure. */
  readonly firstMilliseconds: number;
  /** No pause is longer; `Infinity` where the number of attempts is the bound. */
  readonly maxMilliseconds: number;
  /** How many attempts have failed, from 1. */
  readonly attempt: number;
  /** From 0 to 1, as `Math.random()` gives. */
  readonly random: number;
}

/**
 * The pause before the next attempt. It doubles with each failure, and its upper half is random, so that processes that
 * failed together do not come back together. With a first of 100 ms: 50 to 100, then 100 to 200, then 200 to 400.
 */
export function toBackoffMilliseconds({ firstMilliseconds, maxMilliseconds, attempt, random }: Backoff): number {
  const doubled = firstMilliseconds * 2 ** Math.min(attempt - 1, maxDoublings);
  const half = Math.min(maxMilliseconds, doubled) / 2;
  return half + half * random;
}

import type { Monotonic } from "../clock.ts";
import { fail } from "../failure.ts";
import type { Caller, RequiredRole } from "../resource/caller.ts";
import { createTokenBuckets } from "./token-buckets.ts";

/** Requests of this many seconds may come at once after a quiet time: a page of a console sends a dozen. */
const burstSeconds = 10;
const maxCallers = 10_000;

/** Limits how often one caller may ask. */
export interface RateLimit {
  /**
   * Counts a request.
   *
   * @param headers of the answer: filled with those of draft-ietf-httpapi-ratelimit-headers, also before a failure
   * @throws RATE_LIMITED
   */
  count(caller: Caller, required: RequiredRole, headers: Record<string, string>): void;
}

/** Counts nothing. */
export const noRateLimit: RateLimit = { count: () => {} };

/**
 * A token bucket for each caller, in this process alone: with three processes behind a balancer, a caller may ask three
 * times as often. Routes of metering are not counted: a service that meters for all users is one caller, and the queue of
 * admissions has its own bound.
 *
 * @param perSecond 0 for no limit
 */
export function createRateLimit(perSecond: number, monotonic: Monotonic): RateLimit {
  if (perSecond === 0) return noRateLimit;
  const capacity = perSecond * burstSeconds;
  const buckets = createTokenBuckets({ perSecond, capacity, maxKeys: maxCallers, monotonic });
  return {
    count(caller, required, headers) {
      if (required === "meter") return;
      const { taken, left, waitSeconds, fullInSeconds } = buckets.take(caller.principal);
      headers["ratelimit-policy"] = `"caller";q=${capacity};w=${burstSeconds}`;
      headers["ratelimit"] = `"caller";r=${left};t=${taken ? fullInSeconds : waitSeconds}`;
      if (taken) return;
      const sentence = `${caller.subject} may send ${perSecond} requests a second: try again in ${waitSeconds} s`;
      throw fail("RATE_LIMITED", sentence, null, { retryAfterSeconds: waitSeconds });
    },
  };
}

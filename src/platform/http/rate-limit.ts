import { fail } from "../failure.ts";
import type { Caller, RequiredRole } from "../resource/caller.ts";
import { createTokenBuckets } from "./token-buckets.ts";

/** So much may come at once after a quiet time: opening a page of a console asks for a dozen things. */
const burstSeconds = 10;
const maxCallers = 10_000;

/** How often one caller may ask. */
export interface RateLimit {
  /**
   * Counts a request of this caller.
   *
   * @returns what the answer tells of it: the headers of draft-ietf-httpapi-ratelimit-headers
   * @throws RATE_LIMITED, its headers filled into `told`
   */
  count(caller: Caller, required: RequiredRole, told: Record<string, string>): void;
}

export const noRateLimit: RateLimit = { count: () => {} };

/**
 * A token bucket for each caller, in this process alone: with n processes behind a balancer, callers have n times as much.
 * Routes of metering are not counted: a service that meters for all users is one caller, and the line of admissions
 * has a bound of its own.
 *
 * @param perSecond 0 for no limit
 * @param now milliseconds, never going back
 */
export function createRateLimit(perSecond: number, now: () => number = () => performance.now()): RateLimit {
  if (perSecond === 0) return noRateLimit;
  const capacity = perSecond * burstSeconds;
  const buckets = createTokenBuckets({ perSecond, capacity, maxKeys: maxCallers, now });
  return {
    count(caller, required, told) {
      if (required === "meter") return;
      const { taken, left, waitSeconds, fullInSeconds } = buckets.take(caller.principal);
      told["ratelimit-policy"] = `"caller";q=${capacity};w=${burstSeconds}`;
      told["ratelimit"] = `"caller";r=${left};t=${taken ? fullInSeconds : waitSeconds}`;
      if (taken) return;
      const sentence = `${caller.subject} may ask ${perSecond} times a second: ask again in ${waitSeconds} s`;
      throw fail("RATE_LIMITED", sentence, null, { retryAfterSeconds: waitSeconds });
    },
  };
}

import type { Monotonic } from "../clock.ts";
import { createRecentMap } from "../recent-map.ts";

/** The state of a bucket after a call. */
export interface Level {
  /** Whether the call took a token. */
  readonly taken: boolean;
  /** Whole tokens that are left. */
  readonly left: number;
  /** Whole seconds until there is a token again; 0 while one is left. */
  readonly waitSeconds: number;
  /** Whole seconds until the bucket is full, if nobody takes. */
  readonly fullInSeconds: number;
}

/** Token buckets by key. */
export interface TokenBuckets {
  /** Takes a token, if there is one. */
  take(key: string): Level;
}

interface BucketOptions {
  /** Tokens that flow in. */
  readonly perSecond: number;
  /** Tokens that a full bucket holds, at least 1. */
  readonly capacity: number;
  /** Buckets that are kept are at most twice as many. */
  readonly maxKeys: number;
  readonly monotonic: Monotonic;
}

interface Bucket {
  level: number;
  at: number;
}

/**
 * A bucket for each key, full at first. Clients choose the keys, so their number is bounded: the bucket that was not used
 * for the longest time is forgotten, and is full again.
 */
export function createTokenBuckets({ perSecond, capacity, maxKeys, monotonic }: BucketOptions): TokenBuckets {
  const buckets = createRecentMap<string, Bucket>(maxKeys);

  function refill(key: string): Bucket {
    const at = monotonic();
    const bucket = buckets.get(key) ?? { level: capacity, at };
    bucket.level = Math.min(capacity, bucket.level + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    return bucket;
  }

  function toLevel({ level }: Bucket, taken: boolean): Level {
    return {
      taken,
      left: Math.floor(level),
      waitSeconds: level >= 1 ? 0 : Math.ceil((1 - level) / perSecond),
      fullInSeconds: Math.ceil((capacity - level) / perSecond),
    };
  }

  return {
    take(key) {
      const bucket = refill(key);
      buckets.set(key, bucket);
      const taken = bucket.level >= 1;
      if (taken) bucket.level -= 1;
      return toLevel(bucket, taken);
    },
  };
}

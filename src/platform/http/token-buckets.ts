/** What is left in a bucket after it was asked. */
export interface Level {
  readonly taken: boolean;
  /** Whole turns that may follow at once. */
  readonly left: number;
  /** Whole seconds until there is a turn again; 0 while one is left. */
  readonly waitSeconds: number;
  /** Whole seconds until the bucket is full, if nobody takes. */
  readonly fullInSeconds: number;
}

export interface TokenBuckets {
  /** Takes a turn, if there is one. */
  take(key: string): Level;
  /** Looks, and takes nothing. */
  look(key: string): Level;
  /** Nobody has taken anything since everything was forgotten. */
  isEmpty(): boolean;
}

interface Bucket {
  level: number;
  at: number;
}

/**
 * A bucket for each key, full at first. Keys are the client's choice, so they are bounded: those asked for lately lie in
 * one map; when it is full it becomes the old one, and what was in the old one is forgotten, and so is full again. At
 * most `2 * maxKeys` are held, and no turn costs more than a few look-ups.
 *
 * @param perSecond turns that flow in
 * @param capacity turns that a full bucket holds, at least 1
 * @param now milliseconds, never going back
 */
export function createTokenBuckets({
  perSecond,
  capacity,
  maxKeys,
  now,
}: {
  perSecond: number;
  capacity: number;
  maxKeys: number;
  now: () => number;
}): TokenBuckets {
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();

  function refill(key: string): Bucket {
    const at = now();
    const bucket = young.get(key) ?? old.get(key) ?? { level: capacity, at };
    bucket.level = Math.min(capacity, bucket.level + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    return bucket;
  }

  function keep(key: string, bucket: Bucket): void {
    if (young.has(key)) return;
    if (young.size >= maxKeys) {
      old = young;
      young = new Map();
    }
    young.set(key, bucket);
  }

  function tell({ level }: Bucket, taken: boolean): Level {
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
      keep(key, bucket);
      const taken = bucket.level >= 1;
      if (taken) bucket.level -= 1;
      return tell(bucket, taken);
    },
    look: (key) => tell(refill(key), false),
    isEmpty: () => young.size === 0 && old.size === 0,
  };
}

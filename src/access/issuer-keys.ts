import { errors, type JWTVerifyGetKey } from "jose";
import { IssuerUnavailable, readKeys, toReason } from "./issuer-documents.ts";

/** How long keys are taken for the issuer's without asking: so long may one that it withdrew still count. */
const freshMilliseconds = 10 * 60_000;
/** Keys that nobody knows make nobody ask the issuer more often; nor does an issuer that is away. */
const cooldownMilliseconds = 30_000;
/** Without any key nobody gets in, so it is asked sooner. */
const firstCooldownMilliseconds = 5_000;

interface KeyFinderOptions {
  readonly issuer: string;
  /** Told why the keys could not be renewed; the old ones hold on. */
  readonly onStale: (reason: string) => void;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

interface Asked {
  readonly at: number;
  /** Null when the issuer gave its keys. */
  readonly failure: IssuerUnavailable | null;
}

/**
 * Finds the keys of tokens among those of the issuer, which are fetched with the first token, every ten minutes, and when a
 * token names one that is new. While the issuer is away, the keys that it gave last hold.
 */
export function createKeyFinder({ issuer, onStale, now }: KeyFinderOptions): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | null = null;
  let fetchedAt = 0;
  let asked: Asked | null = null;
  let asking: Promise<void> | null = null;

  /** All that want keys meanwhile wait for the same answer. */
  function ask(): Promise<void> {
    asking ??= readKeys(issuer)
      .then((fetched) => {
        keys = fetched;
        fetchedAt = now();
        asked = { at: fetchedAt, failure: null };
      })
      .catch((error: unknown) => {
        const failure = error instanceof IssuerUnavailable ? error : new IssuerUnavailable(toReason(error));
        asked = { at: now(), failure };
        if (keys !== null) onStale(failure.message);
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  }

  function mayAsk(): boolean {
    return asked === null || now() - asked.at >= (keys === null ? firstCooldownMilliseconds : cooldownMilliseconds);
  }

  return async (header, token) => {
    const isStale = keys === null || now() - fetchedAt >= freshMilliseconds;
    if (isStale && (mayAsk() || asking !== null)) await ask();
    if (keys === null) throw asked?.failure ?? new IssuerUnavailable("it was not asked");
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (mayAsk() || asking !== null) await ask();
      // It may be one that the issuer would have given.
      if (asked !== null && asked.failure !== null) throw asked.failure;
      return keys(header, token);
    }
  };
}

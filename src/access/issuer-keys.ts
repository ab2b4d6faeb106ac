import { errors, type JWTVerifyGetKey } from "jose";
import type { Monotonic } from "../platform/clock.ts";
import { toErrorCode } from "../platform/error-code.ts";
import { IssuerUnavailable, readKeys } from "./issuer-documents.ts";

/** How long keys are used without asking the issuer: a key that it withdraws may count this much longer. */
const freshMilliseconds = 10 * 60_000;
/** Tokens with unknown keys do not make EOM ask the issuer more often than this, nor does an issuer that is away. */
const cooldownMilliseconds = 30_000;
/** Before the first keys no caller can be authenticated, so the issuer is asked sooner. */
const firstCooldownMilliseconds = 5_000;

interface KeyFinderOptions {
  readonly issuer: string;
  /** Called with the reason when the keys could not be renewed, and the old ones stay in use. */
  readonly onStale: (reason: string) => void;
  readonly monotonic: Monotonic;
}

interface LastRead {
  readonly at: number;
  /** Null when the issuer gave its keys. */
  readonly failure: IssuerUnavailable | null;
}

/**
 * Finds the key of a token among the keys of its issuer. They are read with the first token, every ten minutes, and when a
 * token names an unknown key. While the issuer is away, the last keys stay in use.
 */
export function createKeyFinder({ issuer, onStale, monotonic }: KeyFinderOptions): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | null = null;
  let readAt = 0;
  let lastRead: LastRead | null = null;
  let reading: Promise<void> | null = null;

  /** Requests that need keys meanwhile wait for the same answer. */
  function read(): Promise<void> {
    reading ??= readKeys(issuer)
      .then((fresh) => {
        keys = fresh;
        readAt = monotonic();
        lastRead = { at: readAt, failure: null };
      })
      .catch((error: unknown) => {
        const failure = error instanceof IssuerUnavailable ? error : new IssuerUnavailable(toErrorCode(error));
        lastRead = { at: monotonic(), failure };
        if (keys !== null) onStale(failure.message);
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  }

  function mayRead(): boolean {
    if (reading !== null || lastRead === null) return true;
    return monotonic() - lastRead.at >= (keys === null ? firstCooldownMilliseconds : cooldownMilliseconds);
  }

  return async (header, token) => {
    const isStale = keys === null || monotonic() - readAt >= freshMilliseconds;
    if (isStale && mayRead()) await read();
    if (keys === null) throw lastRead?.failure ?? new IssuerUnavailable("it was not asked");
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (mayRead()) await read();
      // The issuer might have given the key.
      if (lastRead !== null && lastRead.failure !== null) throw lastRead.failure;
      return keys(header, token);
    }
  };
}

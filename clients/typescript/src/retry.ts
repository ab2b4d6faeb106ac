import { type Attempt, attemptOnce } from "./attempt.ts";
import { type Classification, classifyAttempt } from "./classify.ts";
import type { Operation } from "./operations.ts";
import type { Settings } from "./options.ts";

/** The longest pause between attempts, without `Retry-After`: a longer one makes success no likelier. */
const maxBackoffMilliseconds = 2000;

/** A request that is ready to be sent, again and again. */
export interface PreparedRequest {
  readonly operation: Operation;
  readonly url: string;
  readonly init: RequestInit;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

/** The result of the last attempt, and the number of attempts. */
export interface Sent {
  readonly result: Classification;
  readonly attempts: number;
}

/**
 * Sends the request until EOM has decided it, the attempts are used up, or the deadline would pass. Every attempt has the
 * same bytes and the same key, so EOM counts once, however many attempts reach it.
 *
 * @throws the signal's reason when the caller aborts
 */
export async function sendUntilDecided(
  { operation, url, init, signal }: PreparedRequest,
  settings: Settings,
): Promise<Sent> {
  const endsAt = performance.now() + settings.deadlineMilliseconds;
  for (let attempts = 1; ; attempts += 1) {
    const milliseconds = Math.min(settings.timeoutMilliseconds, endsAt - performance.now());
    const attempt: Attempt = { fetch: settings.fetch, url, init, milliseconds, signal };
    const result = classifyAttempt(await attemptOnce(attempt), operation, settings.token);
    if (result.kind !== "undecided" && result.kind !== "unreadable") return { result, attempts };
    const retryAfterMilliseconds = result.kind === "undecided" ? result.retryAfterMilliseconds : null;
    const wait = toWaitMilliseconds({ ...settings, attempts, retryAfterMilliseconds });
    if (attempts >= settings.attempts || performance.now() + wait >= endsAt) return { result, attempts };
    await pause(wait, signal);
  }
}

interface Wait {
  /** Attempts made so far. */
  readonly attempts: number;
  readonly retryAfterMilliseconds: number | null;
  readonly backoffMilliseconds: number;
  readonly random: () => number;
}

/**
 * The pause before the next attempt: `Retry-After` plus a back-off that doubles with every attempt. Half of the back-off is
 * random, so that clients that failed together do not come back together.
 */
export function toWaitMilliseconds({ attempts, retryAfterMilliseconds, backoffMilliseconds, random }: Wait): number {
  const backoff = Math.min(maxBackoffMilliseconds, backoffMilliseconds * 2 ** (attempts - 1));
  return (retryAfterMilliseconds ?? 0) + backoff / 2 + (backoff / 2) * random();
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

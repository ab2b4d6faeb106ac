import { type Attempt, attemptOnce } from "./attempt.ts";
import { type Judgement, judge } from "./classify.ts";
import type { Operation } from "./operations.ts";
import type { Settings } from "./options.ts";

/** Whatever the base: beyond it, waiting longer does not make it likelier. */
const maxBackoffMilliseconds = 2000;

export interface Question {
  readonly operation: Operation;
  readonly url: string;
  readonly init: RequestInit;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks until there is a decision, the attempts are used up or the deadline is near. Every attempt sends the same bytes
 * under the same key, so EOM counts once, however many of them it gets.
 *
 * @throws the signal's reason when the caller aborts
 */
export async function askAgain(
  { operation, url, init, signal }: Question,
  settings: Settings,
): Promise<{ readonly judgement: Judgement; readonly attempts: number }> {
  const endsAt = performance.now() + settings.deadlineMilliseconds;
  for (let attempts = 1; ; attempts += 1) {
    const milliseconds = Math.min(settings.timeoutMilliseconds, endsAt - performance.now());
    const attempt: Attempt = { fetch: settings.fetch, url, init, milliseconds, signal };
    const judgement = judge(await attemptOnce(attempt), operation, settings.token);
    if (judgement.kind !== "undecided" && judgement.kind !== "unreadable") return { judgement, attempts };
    const retryAfterMilliseconds = judgement.kind === "undecided" ? judgement.retryAfterMilliseconds : null;
    const wait = toWaitMilliseconds({ ...settings, attempts, retryAfterMilliseconds });
    if (attempts >= settings.attempts || performance.now() + wait >= endsAt) return { judgement, attempts };
    await pause(wait, signal);
  }
}

interface Wait {
  /** How many were made. */
  readonly attempts: number;
  readonly retryAfterMilliseconds: number | null;
  readonly backoffMilliseconds: number;
  readonly random: () => number;
}

/**
 * Doubles with every attempt. Half of it is left to chance, so that clients that failed together do not return together;
 * it comes on top of what EOM asks for.
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

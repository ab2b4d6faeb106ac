import type { CallOptions } from "../call-options.ts";
import { type Attempt, attemptOnce } from "./attempt.ts";
import type { CallEnd } from "./breaker.ts";
import { type Classification, classifyAttempt, type Expectation } from "./classify.ts";
import { type Connection, parsePositive } from "./options.ts";

/** The longest pause between attempts, without `Retry-After`: a longer one makes success no likelier. */
const maxBackoffMilliseconds = 2000;

/** A request that can be sent again and again. */
export interface Request {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for none. */
  readonly body: unknown;
  readonly expectation: Expectation;
  readonly options: CallOptions;
}

/** The result of the last attempt. */
export interface Sent {
  readonly result: Classification;
  readonly attempts: number;
  /** Whether an earlier attempt may have been carried out, so that the last one found its effect. */
  readonly mayBeRepeated: boolean;
}

/**
 * Sends the request until EOM has decided it, the attempts are used up, or the deadline would pass. Every attempt has the
 * same bytes and the same key, so EOM acts once, however many attempts reach it. While the circuit is open, nothing is sent.
 *
 * @throws the signal's reason when the caller aborts; what the option `token` throws; TypeError for times that cannot be used
 */
export async function sendUntilDecided(request: Request, connection: Connection): Promise<Sent> {
  const { breaker } = connection;
  if (!breaker.admit()) return { result: circuitOpen, attempts: 0, mayBeRepeated: false };
  let end: CallEnd = "aborted";
  try {
    const sent = await sendAttempts(request, connection);
    end = isAway(sent.result) ? "away" : "answered";
    return sent;
  } finally {
    breaker.end(end);
  }
}

const circuitOpen: Classification = {
  kind: "undecided",
  reason: "circuit_open",
  detail: null,
  retryAfterMilliseconds: null,
  error: null,
};

/** Whether EOM could not be asked. An EOM that refuses, that is busy, or whose engine is away, is there. */
function isAway(result: Classification): boolean {
  if (result.kind !== "undecided" || result.error?.code === "DAGSTER_ERROR") return false;
  return result.reason !== "in_flight" && result.reason !== "rate_limited";
}

async function sendAttempts(request: Request, connection: Connection): Promise<Sent> {
  const { signal } = request.options;
  const limits = findLimits(request.options, connection);
  const endsAt = performance.now() + limits.deadlineMilliseconds;
  const token = await connection.findToken();
  const unlimited = { fetch: connection.fetch, ...toFetchArguments(request, connection.baseUrl, token), signal };
  let mayBeRepeated = false;
  for (let attempts = 1; ; attempts += 1) {
    const milliseconds = Math.max(1, Math.min(limits.timeoutMilliseconds, endsAt - performance.now()));
    const attempt: Attempt = { ...unlimited, milliseconds, maxBytes: connection.maxAnswerBytes };
    const result = classifyAttempt(await attemptOnce(attempt), request.expectation, token);
    if (result.kind !== "undecided" && result.kind !== "unreadable") return { result, attempts, mayBeRepeated };
    const retryAfterMilliseconds = result.kind === "undecided" ? result.retryAfterMilliseconds : null;
    const wait = toWaitMilliseconds({ ...connection, attempts, retryAfterMilliseconds });
    const isLast = attempts >= connection.attempts || performance.now() + wait >= endsAt;
    if (isLast) return { result, attempts, mayBeRepeated };
    mayBeRepeated ||= mayHaveActed(result);
    await pause(wait, signal);
  }
}

/** @throws TypeError */
function findLimits(options: CallOptions, connection: Connection) {
  const [timeout, deadline] = ["timeoutMilliseconds", "deadlineMilliseconds"] as const;
  return {
    timeoutMilliseconds: parsePositive(timeout, options.timeoutMilliseconds ?? connection.timeoutMilliseconds),
    deadlineMilliseconds: parsePositive(deadline, options.deadlineMilliseconds ?? connection.deadlineMilliseconds),
  };
}

function toFetchArguments({ method, path, headers, body }: Request, baseUrl: string, token: string) {
  const contents = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const all = { accept: "application/json", authorization: `Bearer ${token}`, ...type, ...headers };
  // EOM never redirects, and the token must not be sent to another address.
  const init: RequestInit = { method, redirect: "manual", headers: all, ...contents };
  return { url: `${baseUrl}${path}`, init };
}

/** Only a refusal of EOM itself says that the attempt had no effect. */
function mayHaveActed(result: Classification): boolean {
  if (result.kind === "unreadable") return true;
  return result.kind === "undecided" && (result.error === null || result.error.code === "GATEWAY_ERROR");
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

import type { Clock } from "../../platform/clock.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { type CallContext, toReason } from "./classify.ts";
import { createS3Connection, type S3Connection } from "./client.ts";
import { runWithin } from "./deadline.ts";
import type { S3Credential, S3Location } from "./location.ts";
import type { Call, CallResult } from "./probe-calls.ts";
import { type Reason, reasons } from "./reasons.ts";
import type { Check } from "./report.ts";
import { quickRetry } from "./retry.ts";

export interface ProofSettings {
  readonly policy: EgressPolicy;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** For the whole, whatever the server does. 10 s unless given. */
  readonly budgetMs?: number | undefined;
  readonly lookup?: Lookup | undefined;
}

/** One proof under way. Times are of performance.now(). */
export interface Proof {
  readonly connection: S3Connection;
  readonly context: Omit<CallContext, "doing">;
  readonly signal: AbortSignal | undefined;
  readonly endsAt: number;
  /** Kept back from the other checks, so that there is time to remove what they wrote. */
  readonly removalMs: number;
}

const defaultBudgetMs = 10_000;

export function createProof(location: S3Location, credential: S3Credential, settings: ProofSettings): Proof {
  const { policy, lookup, clock, signal, budgetMs = defaultBudgetMs } = settings;
  const limits = { connectMs: budgetMs * 0.3, requestMs: budgetMs * 0.5 };
  return {
    connection: createS3Connection(location, credential, { policy, lookup, ...limits, retry: quickRetry }),
    context: { location, credential, clock },
    signal,
    endsAt: performance.now() + budgetMs,
    removalMs: budgetMs * 0.15,
  };
}

type Work = (call: Call) => Promise<CallResult>;

/**
 * Makes one check in the time that is left for checks.
 *
 * @throws the reason of the caller's signal, and nothing else
 */
export async function attempt(proof: Proof, check: Check["check"], work: Work): Promise<Check> {
  const made = await run(proof, check, work, proof.endsAt - proof.removalMs, proof.signal);
  proof.signal?.throwIfAborted();
  return made;
}

/** Makes the check that cleans up: in the time kept back for it, even when the caller has gone. Never throws. */
export function attemptRemoval(proof: Proof, work: Work): Promise<Check> {
  const soon = performance.now() + proof.removalMs;
  return run(proof, "DELETE", work, proof.signal?.aborted ? Math.min(soon, proof.endsAt) : proof.endsAt, undefined);
}

/** A check that was not made, and why not. */
export function skip(check: Check["check"], reason: Reason): Check {
  const { hint } = reasons[reason] as { hint: () => string };
  return { check, status: "SKIP", reason, hint: hint(), http_status: null, duration_ms: 0 };
}

const doing: Record<Check["check"], string> = {
  LIST: "list objects",
  WRITE: "write objects",
  READ: "read objects",
  DELETE: "delete objects",
};

async function run(
  { connection: { client }, context }: Proof,
  check: Check["check"],
  work: Work,
  until: number,
  signal: AbortSignal | undefined,
): Promise<Check> {
  const began = performance.now();
  const about: CallContext = { ...context, doing: doing[check] };
  const took = (): number => Math.round(performance.now() - began);
  try {
    const call = (ending: AbortSignal): Promise<CallResult> => work({ client, context: about, signal: ending });
    const { hint, http_status } = await runWithin(until - began, signal, call);
    return { check, status: "PASS", reason: null, hint, http_status, duration_ms: took() };
  } catch (error) {
    const { reason, hint, http_status } = toReason(error, about);
    return { check, status: "FAIL", reason, hint, http_status, duration_ms: took() };
  }
}

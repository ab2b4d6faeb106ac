import type { Clock } from "../../platform/clock.ts";
import type { Lookup } from "../../platform/egress/guard.ts";
import type { EgressPolicy } from "../../platform/egress/policy.ts";
import { callWithin } from "./call-within.ts";
import { type CallContext, toFault } from "./classify.ts";
import { createS3Connection, type S3Connection } from "./client.ts";
import type { S3Credential, S3Location } from "./location.ts";
import type { Call, CallResult } from "./probe-calls.ts";
import { reasons } from "./reasons.ts";
import type { Check } from "./report.ts";
import { quickRetry } from "./retry.ts";

/** Settings of a probe. */
export interface ProbeSettings {
  readonly policy: EgressPolicy;
  /** For hints about the server's clock; durations are measured by performance.now(). */
  readonly clock: Clock;
  /** Ends the probe when its caller has gone. */
  readonly signal?: AbortSignal | undefined;
  /** For all checks together, whatever the server does. */
  readonly budgetMilliseconds: number;
  readonly lookup: Lookup;
}

/** A probe under way. */
export interface Probe {
  readonly connection: S3Connection;
  readonly context: Omit<CallContext, "doing">;
  readonly signal: AbortSignal | undefined;
  /** By performance.now(). */
  readonly endsAt: number;
  /** The part of the budget that is reserved for the removal of the probe object. */
  readonly removalMilliseconds: number;
}

/** Starts a probe: opens its connection and its budget of time. */
export function createProbe(location: S3Location, credential: S3Credential | null, settings: ProbeSettings): Probe {
  const { policy, lookup, clock, signal, budgetMilliseconds } = settings;
  const limits = { connectMilliseconds: budgetMilliseconds * 0.3, requestMilliseconds: budgetMilliseconds * 0.5 };
  return {
    connection: createS3Connection(location, credential, { policy, lookup, ...limits, retry: quickRetry }),
    context: { location, credential, clock },
    signal,
    endsAt: performance.now() + budgetMilliseconds,
    removalMilliseconds: budgetMilliseconds * 0.15,
  };
}

type Work = (call: Call) => Promise<CallResult>;

/**
 * Makes one check within the rest of the budget, without the part that is reserved for the removal.
 *
 * @throws the reason of the caller's signal, and nothing else
 */
export async function attempt(probe: Probe, check: Check["check"], work: Work): Promise<Check> {
  const result = await run(probe, check, work, {
    endsAt: probe.endsAt - probe.removalMilliseconds,
    signal: probe.signal,
  });
  probe.signal?.throwIfAborted();
  return result;
}

/** Makes the check DELETE, in the time that is reserved for it, even when the caller has gone. Never throws. */
export function attemptRemoval(probe: Probe, work: Work): Promise<Check> {
  const soon = performance.now() + probe.removalMilliseconds;
  const endsAt = probe.signal?.aborted ? Math.min(soon, probe.endsAt) : probe.endsAt;
  return run(probe, "DELETE", work, { endsAt, signal: undefined });
}

/** A check that is not made, with the reason. */
export function skip(check: Check["check"], reason: "not_reached" | "read_only" | "nothing_to_read"): Check {
  return { check, status: "SKIP", reason, hint: reasons[reason].hint(), http_status: null, duration_ms: 0 };
}

/** For hints: "The credential may not … in the bucket …". */
const doing: Record<Check["check"], string> = {
  LIST: "list objects",
  WRITE: "write objects",
  READ: "read objects",
  DELETE: "delete objects",
};

async function run(
  { connection: { client }, context }: Probe,
  check: Check["check"],
  work: Work,
  { endsAt, signal }: Pick<Probe, "endsAt" | "signal">,
): Promise<Check> {
  const startedAt = performance.now();
  const about: CallContext = { ...context, doing: doing[check] };
  const toDuration = () => ({ duration_ms: Math.round(performance.now() - startedAt) });
  try {
    const call = (ending: AbortSignal): Promise<CallResult> => work({ client, context: about, signal: ending });
    const { hint, http_status } = await callWithin(endsAt - startedAt, about, call, signal);
    return { check, status: "PASS", reason: null, hint, http_status, ...toDuration() };
  } catch (error) {
    const { reason, hint, http_status } = toFault(error, about);
    return { check, status: "FAIL", reason, hint, http_status, ...toDuration() };
  }
}

import { type Engine, type RunError, type RunStatus, withRemains } from "../../engines/engine.ts";
import type { SessionEnd } from "../../sessions/ends.ts";
import { isStopRequest, replacedError, type StopReason } from "../../sessions/stop.ts";
import type { LiveStatus, RunningSession } from "./queries.ts";

/** A running session with the engine's answer, and what follows from it. */
export interface PolledRun {
  readonly session: RunningSession;
  readonly next:
    | { readonly step: "end"; readonly end: SessionEnd }
    /** The run goes on; `stop` is the reason for which it has to end, or null. */
    | { readonly step: "continue"; readonly status: LiveStatus; readonly stop: StopReason | null }
    /** The engine did not know the run, too shortly to call it lost. */
    | { readonly step: "miss" };
}

/**
 * A run that its engine does not know is lost after this many polls in a row and this long: two polls may follow each other
 * within milliseconds.
 */
const maxMissedPolls = 3;
const missedSeconds = 15;

/** @param status undefined if the engine does not know the run */
export function classifyRun(
  engine: Pick<Engine, "name">,
  session: RunningSession,
  status: RunStatus | undefined,
  now: Date,
): PolledRun {
  if (status === undefined) {
    if (!isLost(session, now)) return { session, next: { step: "miss" } };
    return { session, next: { step: "end", end: toLostEnd(engine, session, now) } };
  }
  if (status.state === "queued" || status.state === "running") {
    const stop = session.stop_reason ?? findReachedLimit(session, status, now);
    return { session, next: { step: "continue", status, stop } };
  }
  return { session, next: { step: "end", end: toEnd(session, status) } };
}

function isLost({ missed_polls: missed, missed_since: since }: RunningSession, now: Date): boolean {
  if (missed + 1 < maxMissedPolls || since === null) return false;
  return now.getTime() - since.getTime() >= missedSeconds * 1000;
}

function toLostEnd(engine: Pick<Engine, "name">, session: RunningSession, endedAt: Date): SessionEnd {
  const error = toError("RUN_LOST", `The engine ${engine.name} does not know the run any more`);
  const state = isStopRequest(session.stop_reason) ? "canceled" : "failed";
  return { id: session.id, leaseToken: session.lease_token, from: "running", state, endedAt, error };
}

/**
 * The engine's status, interpreted by the stop reason: a run that EOM ended for its time has failed. A run that the engine reports as
 * succeeded stays succeeded, although a stop was requested: it finished its work before the request reached it. The local engine
 * reports no success for a run that it ended, whatever its exit code. Dagster reports SUCCESS only if every step has succeeded.
 */
function toEnd(session: RunningSession, status: Extract<RunStatus, { endedAt: Date }>): SessionEnd {
  const end = {
    id: session.id,
    leaseToken: session.lease_token,
    from: "running" as const,
    endedAt: status.endedAt,
    startedAt: status.startedAt,
    runStatus: status.state,
    result: status.result,
    output: status.output,
  };
  if (status.state === "succeeded") return { ...end, state: "succeeded", error: null };
  switch (session.stop_reason) {
    case "cancel":
      return { ...end, state: "canceled", error: status.error };
    case "replaced":
      return { ...end, state: "canceled", error: withRemains(replacedError, status.remains) };
    case "max_runtime":
    case "launch_timeout":
      return {
        ...end,
        state: "failed",
        error: withRemains(toLimitError(session, session.stop_reason), status.remains),
      };
    case null:
      return { ...end, state: status.state, error: status.error };
    default:
      return session.stop_reason satisfies never;
  }
}

function toLimitError(session: RunningSession, limit: "max_runtime" | "launch_timeout"): RunError {
  return limit === "max_runtime"
    ? toError(
        "MAX_RUNTIME_EXCEEDED",
        `The run took longer than max_runtime_seconds (${session.max_runtime_seconds}) and was ended`,
      )
    : toError(
        "LAUNCH_TIMED_OUT",
        `The run did not start within launch_timeout_seconds (${session.launch_timeout_seconds}) and was ended`,
      );
}

function toError(code: string, message: string): RunError {
  return { code, message, step: null };
}

/** These limits are EOM's, whatever limits the engine has of its own. */
function findReachedLimit(session: RunningSession, status: LiveStatus, now: Date): StopReason | null {
  const secondsSince = (time: Date) => (now.getTime() - time.getTime()) / 1000;
  if (status.state === "queued") {
    return secondsSince(session.launch_started) > session.launch_timeout_seconds ? "launch_timeout" : null;
  }
  const startedAt = status.startedAt ?? session.launch_started;
  const isTooLong = session.max_runtime_seconds !== null && secondsSince(startedAt) > session.max_runtime_seconds;
  return isTooLong ? "max_runtime" : null;
}

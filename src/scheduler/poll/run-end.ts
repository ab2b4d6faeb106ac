import type { RunError, RunStatus } from "../../engines/engine.ts";
import type { SessionEnd } from "../../sessions/ends.ts";
import type { StopReason } from "../../sessions/stop.ts";
import { replacedError } from "../../sessions/stop.ts";

/** What a poll knows of a session that runs. */
export interface RunningSession {
  readonly id: string;
  readonly lease_token: number;
  readonly run_id: string;
  readonly run_status: string | null;
  readonly started: Date | null;
  readonly launch_started: Date;
  readonly launch_timeout_seconds: number;
  readonly max_runtime_seconds: number | null;
  readonly stop_reason: StopReason | null;
  readonly stop_requested: Date | null;
  readonly missed_polls: number;
  /** Says something of those alone that have missed polls. */
  readonly missed_since: Date | null;
}

/** What the engine says, read in the light of who asked for the end: a run that we ended for its time has failed. */
export function toEnd(session: RunningSession, status: Extract<RunStatus, { endedAt: Date }>): SessionEnd {
  const facts = {
    id: session.id,
    leaseToken: session.lease_token,
    from: "running" as const,
    endedAt: status.endedAt,
    startedAt: status.startedAt,
    runStatus: status.state,
    result: status.result,
    output: status.output,
  };
  if (status.state === "succeeded") return { ...facts, state: "succeeded", error: null };
  switch (session.stop_reason) {
    case "cancel":
      return { ...facts, state: "canceled", error: status.error };
    case "replaced":
      return { ...facts, state: "canceled", error: replacedError };
    case "max_runtime":
      return {
        ...facts,
        state: "failed",
        error: toLimitError(
          "MAX_RUNTIME_EXCEEDED",
          `The run took longer than max_runtime_seconds (${session.max_runtime_seconds}) and was ended`,
        ),
      };
    case "launch_timeout":
      return {
        ...facts,
        state: "failed",
        error: toLimitError(
          "LAUNCH_TIMED_OUT",
          `The run did not start within launch_timeout_seconds (${session.launch_timeout_seconds}) and was ended`,
        ),
      };
    case null:
      return { ...facts, state: status.state, error: status.error };
    default:
      return session.stop_reason satisfies never;
  }
}

function toLimitError(code: string, message: string): RunError {
  return { code, message, step: null };
}

/** The limits are ours, whatever the engine has of its own. */
export function findReachedLimit(session: RunningSession, status: RunStatus, now: Date): StopReason | null {
  const secondsSince = (time: Date) => (now.getTime() - time.getTime()) / 1000;
  if (status.state === "queued") {
    return secondsSince(session.launch_started) > session.launch_timeout_seconds ? "launch_timeout" : null;
  }
  const startedAt = (status.state === "running" ? status.startedAt : null) ?? session.launch_started;
  const isTooLong = session.max_runtime_seconds !== null && secondsSince(startedAt) > session.max_runtime_seconds;
  return isTooLong ? "max_runtime" : null;
}

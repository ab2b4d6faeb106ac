import { createRunError } from "../engines/engine.ts";

/** Reasons that come from a person or from the overlap policy. They say nothing about the job, so the session ends as canceled. */
export const stopRequests = ["cancel", "replaced"] as const;

/** Limits of the schedule's policy that a session has reached. They are failures of the session. */
export const reachedLimits = ["max_runtime", "launch_timeout"] as const;

/** Why a leased session is asked to end (`ailbl_session.stop_reason`). */
export type StopReason = (typeof stopRequests)[number] | (typeof reachedLimits)[number];

/** Whether somebody requested the stop. False for a reached limit, and without a reason. */
export function isStopRequest(reason: StopReason | null): boolean {
  return (stopRequests as readonly (string | null)[]).includes(reason);
}

/** The error of a session that was replaced by a newer one of its schedule (`overlap: cancel_previous`). */
export const replacedError = createRunError("SESSION_REPLACED", "A newer session of the schedule took its place");

/** The error of a session that was canceled after a worker claimed it and before it was launched. */
export const canceledError = createRunError("SESSION_CANCELED", "The session was canceled before it was launched");

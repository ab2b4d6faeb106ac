import type { RunError } from "../engines/engine.ts";

export type StopReason = "cancel" | "replaced" | "max_runtime" | "launch_timeout";

export const replacedError: RunError = {
  code: "SESSION_REPLACED",
  message: "A newer session of the schedule took its place",
  step: null,
};

export const canceledError: RunError = {
  code: "SESSION_CANCELED",
  message: "The session was canceled before it was launched",
  step: null,
};

/** Somebody wants the session to end, which says nothing about its job; a limit is the job's own failure. */
export function isStopRequest(stop: StopReason | null): boolean {
  return stop === "cancel" || stop === "replaced";
}

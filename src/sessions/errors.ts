import { type Failure, fail } from "../platform/failure.ts";
import type { SessionState } from "./states.ts";

export function sessionNotFound(id: string): Failure {
  return fail("SESSION_NOT_FOUND", `Session with id '${id.slice(0, 100)}' does not exist`, null);
}

export function sessionIsOver(state: SessionState): Failure {
  return fail("SESSION_STATE_CONFLICT", `The session is ${state} already: nothing is left to cancel`, { state });
}

/** `why`: a clause that says what stands in the way. */
export function sessionNotRetried(state: SessionState, why: string): Failure {
  return fail("SESSION_STATE_CONFLICT", `The session cannot be tried again: ${why}`, { state });
}

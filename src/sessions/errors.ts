import { type Failure, fail } from "../platform/failure.ts";
import type { SessionState } from "./states.ts";

/** SESSION_NOT_FOUND (404). */
export function sessionNotFound(id: string): Failure {
  return fail("SESSION_NOT_FOUND", `Session with id '${id.slice(0, 100)}' does not exist`, null);
}

/** SESSION_STATE_CONFLICT (409): a session that has ended cannot be canceled. */
export function sessionIsOver(state: SessionState): Failure {
  return fail(
    "SESSION_STATE_CONFLICT",
    `The session is ${state} already: only a session that has not ended can be canceled`,
    { state },
  );
}

/**
 * SESSION_STATE_CONFLICT (409): the session cannot be retried.
 *
 * @param why a clause for the end of the message: what prevents the retry, and what to do
 */
export function sessionNotRetried(state: SessionState, why: string): Failure {
  return fail("SESSION_STATE_CONFLICT", `The session cannot be retried: ${why}`, { state });
}

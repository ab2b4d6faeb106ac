import { type Failure, fail, invalid } from "../platform/failure.ts";
import type { SessionState } from "../sessions/states.ts";

export function scheduleNotFound(id: string): Failure {
  return fail("SCHEDULE_NOT_FOUND", `Schedule with id '${id.slice(0, 100)}' does not exist`, null);
}

export function sessionNotFound(id: string): Failure {
  return fail("SESSION_NOT_FOUND", `Session with id '${id.slice(0, 100)}' does not exist`, null);
}

export function scheduleNameConflict(name: string): Failure {
  return fail("SCHEDULE_NAME_CONFLICT", `Another schedule has the name '${name}' (case does not count)`, { name });
}

/** `position`: where in the expression the trouble begins, from 0; undefined when it is no single place. */
export function cronParseError(expression: string, reason: string, position?: number): Failure {
  return fail("CRON_PARSE_ERROR", `The cron expression '${expression}' cannot be used: ${reason}`, {
    expression,
    ...(position === undefined ? {} : { position }),
    reason,
  });
}

export function scheduleRuns(name: string, sessions: number, state: SessionState): Failure {
  return fail(
    "SESSION_STATE_CONFLICT",
    `Schedule '${name}' has ${sessions} ${sessions === 1 ? "session" : "sessions"} under way: wait, or delete with ?cancel=true`,
    { state },
  );
}

export function sessionIsOver(state: SessionState): Failure {
  return fail("SESSION_STATE_CONFLICT", `The session is ${state} already: nothing is left to cancel`, { state });
}

/** `why`: a clause that says what stands in the way. */
export function sessionNotRetried(state: SessionState, why: string): Failure {
  return fail("SESSION_STATE_CONFLICT", `The session cannot be tried again: ${why}`, { state });
}

export function unknownStorage(id: string): Failure {
  return invalid("/params/storage_id", `names no storage: '${id}' does not exist`, "unknown_storage");
}

export function unknownEngine(name: string, engines: readonly string[]): Failure {
  return invalid(
    "/engine",
    `names no engine of this deployment: '${name}' is not one of ${engines.join(", ")}`,
    "unknown_engine",
  );
}

/** `reason`: a sentence for people, without a secret. */
export function engineUnreachable(name: string, reason: string): Failure {
  return fail("DAGSTER_ERROR", `The engine '${name}' could not be asked: ${reason}`, { reason });
}

export function backfillNotFound(id: string): Failure {
  return fail("BACKFILL_NOT_FOUND", `Backfill with id '${id.slice(0, 100)}' does not exist`, null);
}

export function bulkNotFound(id: string): Failure {
  return fail("BULK_NOT_FOUND", `Bulk action with id '${id.slice(0, 100)}' does not exist`, null);
}

export function bulkTotalConflict(expected: number, total: number): Failure {
  return fail(
    "BULK_TOTAL_CONFLICT",
    `The filter finds ${total} now, not the ${expected} expected: nothing was changed; look again with dry_run`,
    { expected, total },
  );
}

export function engineNotFound(name: string): Failure {
  return fail("ENGINE_NOT_FOUND", `Engine '${name.slice(0, 100)}' is not one of this deployment`, null);
}

import { type Failure, fail, invalid } from "../platform/failure.ts";
import type { SessionState } from "../sessions/states.ts";

/** SCHEDULE_NOT_FOUND. Also for an id that is no UUID, of which the message has at most 100 characters. */
export function scheduleNotFound(id: string): Failure {
  return fail("SCHEDULE_NOT_FOUND", `Schedule with id '${id.slice(0, 100)}' does not exist`, null);
}

/** SCHEDULE_NAME_CONFLICT. */
export function scheduleNameConflict(name: string): Failure {
  return fail("SCHEDULE_NAME_CONFLICT", `Another schedule has the name '${name}' (case does not count)`, { name });
}

/**
 * SESSION_STATE_CONFLICT: the schedule cannot be deleted while it has sessions under way.
 *
 * @param count how many sessions
 * @param state the state of one of them
 */
export function sessionsUnderWay(name: string, count: number, state: SessionState): Failure {
  return fail(
    "SESSION_STATE_CONFLICT",
    `Schedule '${name}' has ${count} ${count === 1 ? "session" : "sessions"} under way: wait for the end, or delete with ?cancel=true`,
    { state },
  );
}

/** VALIDATION_ERROR at `/params/storage_id`. */
export function unknownStorage(id: string): Failure {
  return invalid("/params/storage_id", `names no storage: '${id}' does not exist`, "unknown_storage");
}

/** VALIDATION_ERROR at `/engine`. @param engines the names of the deployment's engines */
export function unknownEngine(name: string, engines: readonly string[]): Failure {
  return invalid(
    "/engine",
    `names no engine of this deployment: '${name}' is not one of ${engines.join(", ")}`,
    "unknown_engine",
  );
}

/** VALIDATION_ERROR at `/kind`. @param kind the kind that the schedule has */
export function kindIsFixed(kind: number): Failure {
  return invalid("/kind", `cannot be changed: it is ${kind}; create another schedule instead`, "immutable");
}

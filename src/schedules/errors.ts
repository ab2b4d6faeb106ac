import { type Failure, fail, invalid } from "../platform/failure.ts";
import type { SessionState } from "../sessions/states.ts";

export function scheduleNotFound(id: string): Failure {
  return fail("SCHEDULE_NOT_FOUND", `Schedule with id '${id.slice(0, 100)}' does not exist`, null);
}

export function scheduleNameConflict(name: string): Failure {
  return fail("SCHEDULE_NAME_CONFLICT", `Another schedule has the name '${name}' (case does not count)`, { name });
}

export function scheduleRuns(name: string, sessions: number, state: SessionState): Failure {
  return fail(
    "SESSION_STATE_CONFLICT",
    `Schedule '${name}' has ${sessions} ${sessions === 1 ? "session" : "sessions"} under way: wait, or delete with ?cancel=true`,
    { state },
  );
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

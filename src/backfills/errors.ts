import { type Failure, fail } from "../platform/failure.ts";

/** BACKFILL_NOT_FOUND (404). */
export function backfillNotFound(id: string): Failure {
  return fail("BACKFILL_NOT_FOUND", `Backfill with id '${id.slice(0, 100)}' does not exist`, null);
}

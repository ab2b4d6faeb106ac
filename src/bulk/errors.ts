import { type Failure, fail } from "../platform/failure.ts";

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

import { type Failure, fail } from "../platform/failure.ts";

/** BULK_NOT_FOUND (404). */
export function bulkNotFound(id: string): Failure {
  return fail("BULK_NOT_FOUND", `Bulk action with id '${id.slice(0, 100)}' does not exist`, null);
}

/** BULK_TOTAL_CONFLICT (409): the filter matches another number of objects than the caller expects. */
export function bulkTotalConflict(expected: number, total: number): Failure {
  return fail(
    "BULK_TOTAL_CONFLICT",
    `The filter matches ${total} objects, and expected_total is ${expected}: nothing was changed. Repeat the dry run`,
    { expected, total },
  );
}

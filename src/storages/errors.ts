import { type Failure, fail } from "../platform/failure.ts";
import type { Dependants } from "./model.ts";
import type { VerificationReport } from "./s3/report.ts";

export function storageNotFound(id: string): Failure {
  return fail("STORAGE_NOT_FOUND", `Storage with id '${id.slice(0, 100)}' does not exist`, null);
}

export function storageNameConflict(name: string): Failure {
  return fail("STORAGE_NAME_CONFLICT", `Another storage has the name '${name}' (case does not count)`, { name });
}

export function storageLocationConflict(conflicts: { id: string; name: string; prefix: string }[]): Failure {
  const [first] = conflicts;
  return fail(
    "STORAGE_LOCATION_CONFLICT",
    `The location overlaps with storage '${first?.name}', prefix '${first?.prefix}'; allow it with ?allow_overlap=true`,
    { conflicts },
  );
}

export function storageInUse(name: string, found: Dependants): Failure {
  return fail(
    "STORAGE_IN_USE",
    `Storage '${name}' is in use: unbind or delete its dependants first (${found.total} in all)`,
    found,
  );
}

export function connectionFailed(report: VerificationReport): Failure {
  const failed = report.checks.find((check) => check.status === "FAIL");
  return fail(
    "S3_CONNECTION_FAILED",
    `The storage cannot be used: ${failed?.check} failed with ${failed?.reason}. ${failed?.hint ?? ""}`.trim(),
    { reason: failed?.reason ?? "server_error", hint: failed?.hint ?? null, checks: report.checks },
  );
}

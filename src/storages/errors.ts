import { type Failure, fail } from "../platform/failure.ts";
import { findFailedCheck } from "./failed-check.ts";
import type { Dependants } from "./model.ts";
import type { VerificationReport } from "./s3/report.ts";

/** No storage has this id, or it is no UUID. */
export function storageNotFound(id: string): Failure {
  return fail("STORAGE_NOT_FOUND", `Storage with id '${id.slice(0, 100)}' does not exist`, null);
}

/** EOM does not know collections, but each has a UUID as its id, and this is none. */
export function collectionNotFound(id: string): Failure {
  return fail(
    "COLLECTION_NOT_FOUND",
    `No collection has the id '${id.slice(0, 100)}': the id of a collection is a UUID`,
    null,
  );
}

/** Another storage has this name in some spelling. */
export function storageNameConflict(name: string): Failure {
  return fail("STORAGE_NAME_CONFLICT", `Another storage has the name '${name}' (case does not count)`, {
    name,
  });
}

/** The location lies above or below that of other storages; the details list them. */
export function storageLocationConflict(conflicts: { id: string; name: string; prefix: string }[]): Failure {
  const [first] = conflicts;
  return fail(
    "STORAGE_LOCATION_CONFLICT",
    `The location overlaps with storage '${first?.name}', prefix '${first?.prefix}'; allow it with ?allow_overlap=true`,
    { conflicts },
  );
}

/** Other objects point to the storage; the details list them. */
export function storageInUse(name: string, dependants: Dependants): Failure {
  return fail(
    "STORAGE_IN_USE",
    `Storage '${name}' is in use: unbind or delete its dependants first (${dependants.total} in all)`,
    dependants,
  );
}

/** A verification failed before a save; the details have its reason, hint and checks. */
export function connectionFailed(report: VerificationReport): Failure {
  const failed = findFailedCheck(report);
  return fail(
    "S3_CONNECTION_FAILED",
    `The storage cannot be used: ${failed?.check} failed with ${failed?.reason}. ${failed?.hint ?? ""}`.trim(),
    { reason: failed?.reason ?? "server_error", hint: failed?.hint ?? null, checks: report.checks },
  );
}

/** The egress rules forbid the endpoint. `message` is their sentence for the caller. */
export function endpointForbidden(message: string): Failure {
  const details = { reason: "endpoint_forbidden", hint: message, checks: [] };
  return fail("S3_CONNECTION_FAILED", `EOM must not connect to the endpoint: ${message}`, details);
}

/** The secret store has no usable credential for a storage that points to one. */
export function credentialLost(): Failure {
  const message = "The secret store has lost the credential of this storage: send it again with PUT";
  return fail("CONFIGURATION_ERROR", message, null);
}

import { type Failure, type FailureDetails, fail } from "../platform/failure.ts";
import type { QuotaType } from "./model.ts";

export function quotaNotFound(id: string): Failure {
  return fail("QUOTA_NOT_FOUND", `Quota with id '${id.slice(0, 100)}' does not exist`, null);
}

export function quotaNameConflict(name: string): Failure {
  return fail("QUOTA_NAME_CONFLICT", `Another quota has the name '${name}' (case does not count)`, { name });
}

export function quotaInUse(name: string, found: FailureDetails<"QUOTA_IN_USE">): Failure {
  return fail(
    "QUOTA_IN_USE",
    `Quota '${name}' is assigned to users: take it away first (${found.total} in all)`,
    found,
  );
}

export function userQuotaNotFound(userId: string, quotaId: string): Failure {
  return fail("USER_QUOTA_NOT_FOUND", `User '${userId}' does not have the quota '${quotaId.slice(0, 100)}'`, null);
}

export function userQuotaConflict(userId: string, type: QuotaType, quotaId: string): Failure {
  return fail("USER_QUOTA_CONFLICT", `User '${userId}' has a quota of type ${type} already`, {
    type,
    quota_id: quotaId,
  });
}

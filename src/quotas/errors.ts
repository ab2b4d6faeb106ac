import { type Failure, type FailureDetails, fail } from "../platform/failure.ts";
import type { QuotaType } from "./quota-type.ts";

/** For an id without a quota; a long id is cut at 100 characters. */
export function quotaNotFound(id: string): Failure {
  return fail("QUOTA_NOT_FOUND", `Quota with id '${id.slice(0, 100)}' does not exist`, null);
}

/** For a name that another quota has; names are compared without regard to case. */
export function quotaNameConflict(name: string): Failure {
  return fail(
    "QUOTA_NAME_CONFLICT",
    `Another quota has the name '${name}': choose another name (upper and lower case are the same)`,
    { name },
  );
}

/** @param dependants the first users that have the quota, and the number of all */
export function quotaInUse(name: string, dependants: FailureDetails<"QUOTA_IN_USE">): Failure {
  return fail(
    "QUOTA_IN_USE",
    `Quota '${name}' is assigned to ${dependants.total} users: take it away from them first`,
    dependants,
  );
}

/** For a quota that the user does not have, whether the quota exists or not. */
export function userQuotaNotFound(userId: string, quotaId: string): Failure {
  return fail("USER_QUOTA_NOT_FOUND", `User '${userId}' does not have the quota '${quotaId.slice(0, 100)}'`, null);
}

/** @param quotaId the quota of this type that the user has */
export function userQuotaConflict(userId: string, type: QuotaType, quotaId: string): Failure {
  return fail("USER_QUOTA_CONFLICT", `User '${userId}' has a quota of type ${type} already`, {
    type,
    quota_id: quotaId,
  });
}

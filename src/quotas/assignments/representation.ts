import { type Failure, toStatus } from "../../platform/failure.ts";
import { userQuotaConflict } from "../errors.ts";
import { type QuotaType, toValue } from "../quota-type.ts";
import { toUsage } from "../standing/usage.ts";
import type { Assignments } from "./assign-many.ts";
import { type AssignResult, overridable, type UserQuota } from "./model.ts";
import type { UserQuotaRow } from "./queries.ts";

/** A user's quota as the API answers it. @param warningPercent the share of the limit from which the state is `warning` */
export function toUserQuota(row: UserQuotaRow, warningPercent: number): UserQuota {
  const { id, name, description, type, expire, enable, labels } = row;
  const level = { ...row, limit: row.value, resets_at: row.resets_at?.toISOString() ?? null };
  return {
    id,
    name,
    description,
    type,
    value: toValue(type, row.value),
    expire,
    enable,
    labels,
    user_id: row.user_id,
    assigned: row.assigned.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    overrides: listOverrides(row),
    usage: toUsage(level, warningPercent),
    modified: row.modified.toISOString(),
    modified_by: row.modified_by,
    version: row.version,
  };
}

function listOverrides({ overrides_value, overrides_expire, overrides_enable }: UserQuotaRow): UserQuota["overrides"] {
  const isOverridden = { value: overrides_value, expire: overrides_expire, enable: overrides_enable };
  return overridable.filter((name) => isOverridden[name]);
}

/** One result a user, in the order of the request. */
export function toAssignResults(userIds: readonly string[], type: QuotaType, assignments: Assignments): AssignResult[] {
  return userIds.map((userId) => {
    const other = assignments.get(userId) ?? null;
    if (other === null) return { user_id: userId, status: 201, error: null };
    const error = toErrorBody(userQuotaConflict(userId, type, other), userId);
    return { user_id: userId, status: error.http_status, error };
  });
}

/** The body that the failure would have as an answer about this user alone. */
function toErrorBody(failure: Failure, userId: string) {
  return {
    error_code: failure.code,
    http_status: toStatus(failure).status,
    error_msg: failure.message,
    x_user: userId,
    details: failure.details as Record<string, unknown> | null,
  };
}

import type { Quota } from "./model.ts";
import type { QuotaRow } from "./queries.ts";
import { toValue } from "./quota-type.ts";

/** A quota as the API answers it. */
export function toQuota(row: QuotaRow): Quota {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    value: toValue(row.type, row.value),
    expire: row.expire,
    enable: row.enable,
    labels: row.labels,
    assigned_users: row.assigned_users,
    created: row.created.toISOString(),
    created_by: row.created_by,
    modified: row.modified.toISOString(),
    modified_by: row.modified_by,
    version: row.version,
  };
}

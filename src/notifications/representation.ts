import { toTime } from "../platform/resource/fields.ts";
import type { Webhook } from "./model.ts";
import type { WebhookRow } from "./queries.ts";

/** A webhook as the API and the audit trail show it: without its secrets and their references. */
export function toWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    address: row.address,
    event_types: row.event_types,
    description: row.description,
    enable: row.enable,
    disabled_reason: row.disabled_reason,
    labels: row.labels,
    previous_secret_until: toTime(row.previous_secret_until),
    state: row.state,
    consecutive_failures: row.consecutive_failures,
    last_success: toTime(row.last_success),
    last_failure: toTime(row.last_failure),
    last_error: row.last_error,
    deliveries: { pending: row.pending, dead: row.dead },
    created: row.created.toISOString(),
    created_by: row.created_by,
    modified: row.modified.toISOString(),
    modified_by: row.modified_by,
    version: row.version,
  };
}

import { toTime } from "../platform/resource/fields.ts";
import type { Delivery } from "./deliveries/model.ts";
import type { DeliveryRow } from "./deliveries/queries.ts";
import type { Webhook } from "./model.ts";
import type { WebhookRow } from "./queries.ts";

/** A webhook as the API and the audit trail tell it: nothing of its secret. */
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

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    webhook_id: row.webhook_id,
    event_id: row.event_id,
    event_type: row.event_type,
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: toTime(row.next_attempt_at),
    last_attempt: toLastAttempt(row),
    delivered: toTime(row.delivered),
    created: row.created.toISOString(),
  };
}

function toLastAttempt(row: DeliveryRow): Delivery["last_attempt"] {
  if (row.last_attempt_at === null) return null;
  return {
    at: row.last_attempt_at.toISOString(),
    http_status: row.last_http_status,
    error: row.last_error,
    duration_ms: row.last_duration_ms ?? 0,
  };
}

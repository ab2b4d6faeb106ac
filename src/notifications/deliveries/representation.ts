import { toTime } from "../../platform/resource/fields.ts";
import type { Delivery } from "./model.ts";
import type { DeliveryRow } from "./queries.ts";

/** A delivery as the API and the audit trail show it, without the claim of the sender that is at work on it. */
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

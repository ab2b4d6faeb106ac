import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { NotificationMetrics } from "../metrics.ts";

interface Backlog {
  readonly dispatch: number;
  readonly send: number;
}

/**
 * Sets the backlog metrics. Deliveries of disabled webhooks do not count: they are not late. Both numbers are read from the
 * first entry of an index (eom_event_undispatched, eom_webhook_delivery_due), so a long backlog costs nothing.
 */
export async function measureBacklog(db: Database, now: Date, metrics: NotificationMetrics): Promise<void> {
  const { rows } = await sql<Backlog>`
    select coalesce(extract(epoch from ${now}::timestamptz - (
        select created from eom_event where dispatched is null order by created, id limit 1)), 0)::float8 as dispatch,
      coalesce(extract(epoch from ${now}::timestamptz - (
        select min(first.next_attempt_at) from eom_webhook as w cross join lateral (
          select next_attempt_at from eom_webhook_delivery as d where d.webhook_id = w.id and d.state = 'pending'
          order by d.next_attempt_at, d.id limit 1) as first
        where w.enable)), 0)::float8 as send`.execute(db);
  metrics.backlogAge.set({ stage: "dispatch" }, Math.max(rows[0]?.dispatch ?? 0, 0));
  metrics.backlogAge.set({ stage: "send" }, Math.max(rows[0]?.send ?? 0, 0));
}

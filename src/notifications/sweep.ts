import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Deletes events that are older than `maxAgeDays`, oldest first, together with their delivered and dead deliveries. Two kinds
 * of events stay: events that are not dispatched yet, and events with a pending delivery to an enabled webhook.
 *
 * @returns how many events were deleted, at most `limit`; fewer than `limit` means that none is left
 */
export async function deleteOldEvents(db: Database, maxAgeDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with deleted as (
      delete from eom_event where id in (
        select e.id from eom_event as e
        where e.created < now() - make_interval(days => ${maxAgeDays}) and e.dispatched is not null
          and not exists (
            select from eom_webhook_delivery as d join eom_webhook as w on w.id = d.webhook_id
            where d.event_id = e.id and d.state = 'pending' and w.enable)
        order by e.created limit ${limit} for update of e skip locked)
      returning 1)
    select count(*) as count from deleted`.execute(db);
  return rows[0]?.count ?? 0;
}

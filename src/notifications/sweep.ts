import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Removes events that are older than the retention, with their deliveries, delivered and dead alike. Kept are those that are
 * not dispatched yet, and those that still wait for a webhook that is enabled.
 *
 * @returns how many events were removed, at most `limit`
 */
export async function deleteOldEvents(db: Database, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with gone as (
      delete from eom_event where id in (
        select e.id from eom_event as e
        where e.created < now() - make_interval(days => ${retentionDays}) and e.dispatched is not null
          and not exists (
            select from eom_webhook_delivery as d join eom_webhook as w on w.id = d.webhook_id
            where d.event_id = e.id and d.state = 'pending' and w.enable)
        order by e.created limit ${limit} for update of e skip locked)
      returning 1)
    select count(*) as count from gone`.execute(db);
  return rows[0]?.count ?? 0;
}

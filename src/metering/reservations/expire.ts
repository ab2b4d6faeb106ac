import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import { insertExpiries } from "../ledger/entries.ts";
import { lockLevels, updateLevels } from "./levels.ts";

/**
 * Closes reservations that have expired, and gives their amounts back. Commits, releases and sweeps of other processes may
 * run at the same time: each reservation is closed once.
 *
 * @returns the number of closed rows (a row is one type of a reservation), at most `limit`
 */
export async function expireReservations(db: Database, limit: number, warningPercent: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with due as (
      select id, type from eom_quota_reservation where state = 'open' and expires_at <= now()
      order by expires_at limit ${limit} for update skip locked),
    closing as (
      update eom_quota_reservation as r set state = 'expired', closed = now()
      from due where r.id = due.id and r.type = due.type
      returning r.id, r.user_id, r.type, r.quota_id, r.amount, r.period_start, null::bigint as committed),
    back as (
      select user_id, type, period_start, sum(amount)::bigint as amount, null::bigint as committed
      from closing group by user_id, type, period_start),
    level as materialized (${lockLevels(sql`back`)}),
    level_written as (${updateLevels(warningPercent)}),
    entry_written as (${insertExpiries("closing")})
    select count(*) as count from closing`.execute(db);
  return rows[0]?.count ?? 0;
}

/**
 * Deletes reservations that were closed more than `retentionDays` ago; their entries stay in the ledger.
 *
 * @returns the number of deleted rows (a row is one type of a reservation), at most `limit`
 */
export async function deleteOldReservations(db: Database, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with deleted as (
      delete from eom_quota_reservation where (id, type) in (
        select id, type from eom_quota_reservation
        where state <> 'open' and closed < now() - make_interval(days => ${retentionDays})
        order by closed limit ${limit} for update skip locked)
      returning 1)
    select count(*) as count from deleted`.execute(db);
  return rows[0]?.count ?? 0;
}

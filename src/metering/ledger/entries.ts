import { type RawBuilder, sql } from "kysely";

/*
 * The statements that change levels insert the ledger's entries: a level and its entry are never written apart. An entry
 * adds `amount` to used and `held` to reserved; either may be negative.
 */

/** @param rows (user_id, type, quota_id, kind, amount, held, period_start, reservation_id, created_by) */
export function insertEntries(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into eom_quota_ledger
      (id, created, user_id, type, quota_id, kind, amount, held, period_start, reservation_id, created_by)
    select eom_uuid(), now(), entry.* from (${rows}) as entry`;
}

/** An entry for each type of the reservations that expired. @param expired the name of the CTE with their rows */
export function insertExpiries(expired: string): RawBuilder<unknown> {
  return insertEntries(sql`
    select user_id, type, quota_id, 'expire', 0, -amount, period_start, id, 'eom'
    from ${sql.ref(expired)} where quota_id is not null`);
}

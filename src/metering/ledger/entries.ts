import { type RawBuilder, sql } from "kysely";

/*
 * The ledger is written by the statements that change levels. `rows` of each give (user_id, type, quota_id, kind, amount,
 * held, period_start, reservation_id, created_by).
 */

export function insertEntries(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into eom_quota_ledger
      (id, created, user_id, type, quota_id, kind, amount, held, period_start, reservation_id, created_by)
    select eom_uuid(), now(), entry.* from (${rows}) as entry`;
}

/** Of the types of reservations whose time is over, in a step of this name. */
export function insertExpiries(closed: string): RawBuilder<unknown> {
  return insertEntries(sql`
    select user_id, type, quota_id, 'expire', 0, -amount, period_start, id, 'eom'
    from ${sql.ref(closed)} where quota_id is not null`);
}

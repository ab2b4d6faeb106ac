import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { QuotaType } from "../../quotas/model.ts";
import { effectiveLimit, greatestLevel, toThreshold } from "../../quotas/standing/effective.ts";
import { insertAnswers } from "../answers.ts";
import { insertEntries, insertExpiries } from "../ledger/entries.ts";
import { type Amounts, listAmounts } from "../model.ts";

/** A request to close a reservation. `key_hash` and `request_hash` are of its Idempotency-Key, in hex. */
export interface ClosingRequest {
  readonly id: string;
  readonly user_id: string;
  readonly state: "committed" | "released";
  /** What was used; null is all that was reserved. Of no meaning for a release. */
  readonly amounts: Amounts | null;
  readonly key_hash: string;
  readonly request_hash: string;
  readonly created_by: string;
}

/** A closed reservation, as it is kept for the key: an array of its types. */
export interface ClosingOutcome {
  readonly closed: string;
  readonly created: string;
  readonly expires_at: string;
  readonly types: readonly { readonly type: QuotaType; readonly amount: number; readonly committed: number | null }[];
}

/**
 * Closes a reservation that is open, has not expired and holds at least `amounts`; levels, ledger and answer are written
 * by the same statement. Of several that close it at once, in whatever way, one does.
 *
 * @returns null when there was nothing to close so
 */
export async function closeReservation(
  db: Database,
  request: ClosingRequest,
  warningPercent: number,
): Promise<ClosingOutcome | null> {
  const { rows } = await sql<{ outcome: ClosingOutcome }>`
    with given as (
      select * from json_to_recordset(${JSON.stringify(listAmounts(request.amounts ?? {}))}::text::json)
        as g(type text, amount bigint)),
    open as materialized (${lockOpen(request)}),
    closing as (${close(request)}),
    level as materialized (${lockLevels(sql`closing`)}),
    level_written as (${writeLevels(warningPercent)}),
    entry_written as (${insertEntries(sql`
      select c.user_id, c.type, c.quota_id, ${toKind(request)}::text,
        least(coalesce(c.committed, 0), ${greatestLevel} - coalesce(l.used, 0)), -c.amount, c.period_start, c.id, ${request.created_by}::text
      from closing as c left join level as l using (user_id, type) where c.quota_id is not null`)}),
    closed as materialized (
      select jsonb_build_object('closed', max(closed), 'created', max(created), 'expires_at', max(expires_at), 'types',
        jsonb_agg(jsonb_build_object('type', type, 'amount', amount, 'committed', committed) order by type)) as outcome
      from closing having count(*) > 0),
    answer_written as (${insertAnswers(sql`
      select ${request.key_hash}::text as key_hash, ${request.request_hash}::text as request_hash, outcome from closed`)})
    select outcome from closed`.execute(db);
  return rows[0]?.outcome ?? null;
}

function toKind({ state }: ClosingRequest): "commit" | "release" {
  return state === "committed" ? "commit" : "release";
}

/** A sweep may take one of them between the locks, when their time runs out: then not all are found. */
function lockOpen({ id, user_id }: ClosingRequest): RawBuilder<unknown> {
  return sql`
    select type from eom_quota_reservation
    where id = ${id}::uuid and user_id = ${user_id} and state = 'open' and expires_at > now()
    order by type for update`;
}

/** All of its types, or none. */
function close({ id, state, amounts }: ClosingRequest): RawBuilder<unknown> {
  const committed =
    state === "released"
      ? sql`null::bigint`
      : amounts === null
        ? sql`r.amount`
        : sql`coalesce((select g.amount from given as g where g.type = r.type), 0)`;
  return sql`
    update eom_quota_reservation as r set state = ${state}, closed = now(), committed = ${committed}
    from open where r.id = ${id}::uuid and r.type = open.type
      and (select count(*) from open) = (select count(*) from eom_quota_reservation where id = ${id}::uuid)
      and not exists (
        select from given as g left join eom_quota_reservation as o on o.id = ${id}::uuid and o.type = g.type
        where g.amount > coalesce(o.amount, 0))
    returning r.*`;
}

/** Those in whose present period the reservation holds; a later period's level has nothing of it. */
function lockLevels(closing: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select u.user_id, u.type, u.used, u.reserved, c.amount, coalesce(c.committed, 0) as committed,
      ${effectiveLimit} as limit_value
    from ${closing} as c
    join eom_user_quota as u on u.user_id = c.user_id and u.type = c.type and u.period_start = c.period_start
    join eom_quota as q on q.id = u.quota_id
    order by u.user_id, u.type
    for update of u`;
}

/** The level can only fall here, and with it the threshold that it stands at. */
function writeLevels(warningPercent: number): RawBuilder<unknown> {
  const threshold = toThreshold(
    sql`(l.used + l.committed + l.reserved - l.amount)`,
    sql`l.limit_value`,
    warningPercent,
  );
  return sql`
    update eom_user_quota as u
    set used = least(${greatestLevel}, l.used + l.committed), reserved = greatest(0, l.reserved - l.amount),
      threshold = least(u.threshold, ${threshold})
    from level as l where u.user_id = l.user_id and u.type = l.type`;
}

/** @returns how many types of reservations that were closed so long ago were forgotten, at most `limit` */
export async function deleteOldReservations(db: Database, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with gone as (
      delete from eom_quota_reservation where (id, type) in (
        select id, type from eom_quota_reservation
        where state <> 'open' and closed < now() - make_interval(days => ${retentionDays})
        order by closed limit ${limit} for update skip locked)
      returning 1)
    select count(*) as count from gone`.execute(db);
  return rows[0]?.count ?? 0;
}

/**
 * Gives back what reservations hold whose time is over. Commit, release and another process's sweep go on meanwhile: each
 * reservation is closed once.
 *
 * @returns how many types of reservations were closed, at most `limit`
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
    level_written as (${writeLevels(warningPercent)}),
    entry_written as (${insertExpiries("closing")})
    select count(*) as count from closing`.execute(db);
  return rows[0]?.count ?? 0;
}

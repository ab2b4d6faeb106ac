import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { QuotaType } from "../../quotas/quota-type.ts";
import { greatestLevel } from "../../quotas/standing/effective.ts";
import { type Amounts, listAmounts } from "../amounts.ts";
import { insertAnswers } from "../answers.ts";
import { insertEntries } from "../ledger/entries.ts";
import { lockLevels, updateLevels } from "./levels.ts";

/** A request to close a reservation. `key_hash` and `request_hash` belong to its Idempotency-Key, in hex. */
export interface ClosingRequest {
  readonly id: string;
  readonly user_id: string;
  readonly state: "committed" | "released";
  /** The amounts that were used; null is all that was reserved. A release ignores them. */
  readonly amounts: Amounts | null;
  readonly key_hash: string;
  readonly request_hash: string;
  /** The subject of the caller. */
  readonly created_by: string;
}

/** A closed reservation, as it is kept for the key. Times are ISO 8601 of the database, with microseconds. */
export interface ClosingOutcome {
  readonly closed: string;
  readonly created: string;
  readonly expires_at: string;
  readonly types: readonly { readonly type: QuotaType; readonly amount: number; readonly committed: number | null }[];
}

/**
 * Closes a reservation if it is open, has not expired, and `amounts` are within what was reserved. One statement writes
 * reservation, levels, ledger and answer. Of several requests that close it at the same time, one succeeds.
 *
 * @returns null if the reservation could not be closed
 */
export async function closeReservation(
  db: Database,
  request: ClosingRequest,
  warningPercent: number,
): Promise<ClosingOutcome | null> {
  const { rows } = await sql<{ outcome: ClosingOutcome }>`
    with used as (
      select * from json_to_recordset(${JSON.stringify(listAmounts(request.amounts ?? {}))}::text::json)
        as g(type text, amount bigint)),
    open as materialized (${lockOpen(request)}),
    closing as (${updateReservation(request)}),
    level as materialized (${lockLevels(sql`closing`)}),
    level_written as (${updateLevels(warningPercent)}),
    entry_written as (${insertClosingEntries(request)}),
    closed as materialized (
      select jsonb_build_object('closed', max(closed), 'created', max(created), 'expires_at', max(expires_at), 'types',
        jsonb_agg(jsonb_build_object('type', type, 'amount', amount, 'committed', committed) order by type)) as outcome
      from closing having count(*) > 0),
    answer_written as (${insertAnswers(sql`
      select ${request.key_hash}::text as key_hash, ${request.request_hash}::text as request_hash, outcome from closed`)})
    select outcome from closed`.execute(db);
  return rows[0]?.outcome ?? null;
}

/** `open`: locks the types that are open. A sweep may close one of them between two locks; then not all types are here. */
function lockOpen({ id, user_id }: ClosingRequest): RawBuilder<unknown> {
  return sql`
    select type from eom_quota_reservation
    where id = ${id}::uuid and user_id = ${user_id} and state = 'open' and expires_at > now()
    order by type for update`;
}

/** `closing`: closes all types of the reservation, or none. */
function updateReservation({ id, state, amounts }: ClosingRequest): RawBuilder<unknown> {
  return sql`
    update eom_quota_reservation as r set state = ${state}, closed = now(), committed = ${toCommitted(state, amounts)}
    from open where r.id = ${id}::uuid and r.type = open.type
      and (select count(*) from open) = (select count(*) from eom_quota_reservation where id = ${id}::uuid)
      and not exists (
        select from used as g left join eom_quota_reservation as o on o.id = ${id}::uuid and o.type = g.type
        where g.amount > coalesce(o.amount, 0))
    returning r.*`;
}

function toCommitted(state: ClosingRequest["state"], amounts: Amounts | null): RawBuilder<unknown> {
  if (state === "released") return sql`null::bigint`;
  if (amounts === null) return sql`r.amount`;
  return sql`coalesce((select g.amount from used as g where g.type = r.type), 0)`;
}

function insertClosingEntries({ state, created_by }: ClosingRequest): RawBuilder<unknown> {
  const kind = state === "committed" ? "commit" : "release";
  return insertEntries(sql`
      select c.user_id, c.type, c.quota_id, ${kind}::text,
        least(coalesce(c.committed, 0), ${greatestLevel} - coalesce(l.used, 0)), -c.amount, c.period_start, c.id, ${created_by}::text
      from closing as c left join level as l using (user_id, type) where c.quota_id is not null`);
}

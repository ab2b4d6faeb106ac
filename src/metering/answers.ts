import { type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { keptHours } from "../platform/idempotency/claims.ts";

/** What was answered to a key before. Hashes are in hex. */
export interface KeptAnswer<Outcome> {
  readonly key_hash: string;
  readonly request_hash: string;
  readonly outcome: Outcome;
}

/** `rows` give (key_hash, request_hash, outcome), the hashes in hex. */
export function insertAnswers(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into eom_metering_answer (key_hash, request_hash, outcome, expires_at)
    select decode(given.key_hash, 'hex'), decode(given.request_hash, 'hex'), given.outcome,
      now() + make_interval(hours => ${keptHours}::integer)
    from (${rows}) as given`;
}

/** Of these keys, those that were answered in the last 24 hours. Older ones are forgotten on the way: they are free again. */
export async function listAnswers<Outcome>(db: Database, keyHashes: readonly string[]): Promise<KeptAnswer<Outcome>[]> {
  const { rows } = await sql<KeptAnswer<Outcome>>`
    with asked as (select decode(hash, 'hex') as key_hash from json_array_elements_text(${JSON.stringify(keyHashes)}::text::json) as hash),
    forgotten as (delete from eom_metering_answer where key_hash in (select key_hash from asked) and expires_at <= now())
    select encode(key_hash, 'hex') as key_hash, encode(request_hash, 'hex') as request_hash, outcome
    from eom_metering_answer join asked using (key_hash) where expires_at > now()`.execute(db);
  return rows;
}

/** @returns how many were forgotten, at most `limit` */
export async function deleteExpiredAnswers(db: Database, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with gone as (
      delete from eom_metering_answer where key_hash in (
        select key_hash from eom_metering_answer where expires_at <= now() order by expires_at limit ${limit} for update skip locked)
      returning 1)
    select count(*) as count from gone`.execute(db);
  return rows[0]?.count ?? 0;
}

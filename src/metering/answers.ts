import { type RawBuilder, sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { keptHours } from "../platform/idempotency/claims.ts";

/** The answer to a key, as eom_metering_answer keeps it. Hashes are in hex. */
export interface KeptAnswer<Outcome> {
  readonly key_hash: string;
  readonly request_hash: string;
  readonly outcome: Outcome;
}

/** Keeps answers for 24 hours. @param rows (key_hash, request_hash, outcome), the hashes in hex */
export function insertAnswers(rows: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into eom_metering_answer (key_hash, request_hash, outcome, expires_at)
    select decode(given.key_hash, 'hex'), decode(given.request_hash, 'hex'), given.outcome,
      now() + make_interval(hours => ${keptHours}::integer)
    from (${rows}) as given`;
}

/** The answers kept for these keys. Expired ones are deleted in the same statement, so that their keys are free again. */
export async function listAnswers<Outcome>(db: Database, keyHashes: readonly string[]): Promise<KeptAnswer<Outcome>[]> {
  const { rows } = await sql<KeptAnswer<Outcome>>`
    with requested as (select decode(hash, 'hex') as key_hash from json_array_elements_text(${JSON.stringify(keyHashes)}::text::json) as hash),
    expired as (delete from eom_metering_answer where key_hash in (select key_hash from requested) and expires_at <= now())
    select encode(key_hash, 'hex') as key_hash, encode(request_hash, 'hex') as request_hash, outcome
    from eom_metering_answer join requested using (key_hash) where expires_at > now()`.execute(db);
  return rows;
}

/** Deletes expired answers. @returns the number of them, at most `limit` */
export async function deleteExpiredAnswers(db: Database, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with deleted as (
      delete from eom_metering_answer where key_hash in (
        select key_hash from eom_metering_answer where expires_at <= now() order by expires_at limit ${limit} for update skip locked)
      returning 1)
    select count(*) as count from deleted`.execute(db);
  return rows[0]?.count ?? 0;
}

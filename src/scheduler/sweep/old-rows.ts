import { type RawBuilder, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";

/** Rows that were deleted, by table. */
export interface OldRows {
  readonly sessions: number;
  readonly skipped_slots: number;
  readonly backfills: number;
  readonly bulks: number;
}

/**
 * Deletes rows that ended more than `retentionDays` days ago, at most `limit` of each table. Counters stay with their schedules;
 * a row that has not ended stays, however old it is.
 */
export async function deleteOldSessions(db: Database, retentionDays: number, limit: number): Promise<OldRows> {
  const cutoff = sql`now() - make_interval(days => ${retentionDays})`;
  return {
    sessions: await deleteSessions(db, cutoff, limit),
    // Ids are in the order of recording.
    skipped_slots: await count(
      db,
      sql`delete from ailbl_skipped_slots where id in (
        select id from ailbl_skipped_slots where recorded < ${cutoff} order by id limit ${limit} for update skip locked)
        and recorded < ${cutoff}`,
    ),
    backfills: await count(
      db,
      sql`delete from ailbl_backfill where id in (
        select id from ailbl_backfill where ended < ${cutoff} limit ${limit} for update skip locked)`,
    ),
    bulks: await count(
      db,
      sql`delete from ailbl_bulk where id in (
        select id from ailbl_bulk where ended < ${cutoff} limit ${limit} for update skip locked)`,
    ),
  };
}

/** With their details and history. By `created`, which has an index: a session that ended long ago was created before. */
function deleteSessions(db: Database, cutoff: RawBuilder<unknown>, limit: number): Promise<number> {
  return count(
    db,
    sql`delete from ailbl_session where id in (select id from old)`,
    sql`old as materialized (
      select id from ailbl_session where created < ${cutoff} and ended < ${cutoff}
      order by created limit ${limit} for update skip locked
    ), details as (
      delete from ailbl_session_detail where session_id in (select id from old)
    ), events as (
      delete from ailbl_session_event where session_id in (select id from old)
    ),`,
  );
}

async function count(db: Database, removal: RawBuilder<unknown>, before = sql``): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with ${before} deleted as (${removal} returning 1) select count(*) as count from deleted`.execute(db);
  return rows[0]?.count ?? 0;
}

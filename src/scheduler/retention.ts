import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type {} from "./tables.ts";

export interface OldRows {
  readonly sessions: number;
  readonly skipped_slots: number;
  readonly backfills: number;
  readonly bulks: number;
}

/**
 * Removes what ended longer ago than the retention, at most `limit` rows of each. Counters stay with their schedules, and
 * what has not ended stays, however old it is.
 */
export async function deleteOldSessions(db: Database, retentionDays: number, limit: number): Promise<OldRows> {
  const isOld = (column: string) => sql`${sql.ref(column)} < now() - make_interval(days => ${retentionDays})`;
  const remove = async (table: string, id: string, chosen: ReturnType<typeof sql>) => {
    const { rows } = await sql<{ count: number }>`
      with gone as (
        delete from ${sql.table(table)} where ${sql.ref(id)} in (${chosen} limit ${limit} for update skip locked)
        returning 1)
      select count(*) as count from gone`.execute(db);
    return rows[0]?.count ?? 0;
  };
  return {
    // By way of `created`, which has an index: what ended long ago was made before.
    sessions: await remove(
      "ailbl_session",
      "id",
      sql`select id from ailbl_session where ${isOld("created")} and ${isOld("ended")} order by created`,
    ),
    // Ids count up with the time of recording.
    skipped_slots: await remove(
      "ailbl_skipped_slots",
      "id",
      sql`select id from ailbl_skipped_slots where ${isOld("recorded")} order by id`,
    ),
    backfills: await remove("ailbl_backfill", "id", sql`select id from ailbl_backfill where ${isOld("ended")}`),
    bulks: await remove("ailbl_bulk", "id", sql`select id from ailbl_bulk where ${isOld("ended")}`),
  };
}

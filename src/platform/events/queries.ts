import { sql } from "kysely";
import type { Database } from "../database/tables.ts";

/** @returns how many were removed, at most `limit` */
export async function deleteOldEvents(db: Database, retentionDays: number, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with gone as (
      delete from eom_event where id in (
        select id from eom_event where created < now() - make_interval(days => ${retentionDays})
        order by created limit ${limit} for update skip locked)
      returning 1)
    select count(*) as count from gone`.execute(db);
  return rows[0]?.count ?? 0;
}

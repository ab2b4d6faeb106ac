import { sql } from "kysely";
import { toJsonb } from "../database/sql.ts";
import type { Database, DatabaseTransaction } from "../database/tables.ts";
import { createId } from "../id.ts";

interface NewEvent {
  /** What happened, as `object.verb`: `schedule.auto_disabled`. */
  readonly type: string;
  readonly kind: string;
  readonly objectId: string;
  /** What those who are told need to know; no secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Writes it in the very transaction in which it happened. */
export async function insertEvent(tx: DatabaseTransaction, { type, kind, objectId, data }: NewEvent): Promise<void> {
  await sql`insert into eom_event (id, type, kind, object_id, data, created)
    values (${createId()}, ${type}, ${kind}, ${objectId}, ${toJsonb(data)}, now())`.execute(tx);
}

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

import { sql } from "kysely";
import { listRows } from "../platform/database/list.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { SessionState } from "../sessions/states.ts";
import type { ListBackfills } from "./model.ts";

export interface BackfillRow {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly from_slot: Date;
  readonly to_slot: Date;
  readonly max_parallel: number;
  readonly state: "running" | "done" | "canceled";
  readonly next_from: Date | null;
  readonly opened: number;
  readonly reason: string | null;
  readonly created: Date;
  readonly created_by: string;
  readonly ended: Date | null;
  /** How many sessions are in which state; null while there are none. */
  readonly sessions: Readonly<Partial<Record<SessionState, number>>> | null;
}

/** Of the table by its own name. */
const columns = sql`ailbl_backfill.*, (
    select jsonb_object_agg(state, sessions) from (
      select s.state, count(*) as sessions from ailbl_session as s where s.backfill_id = ailbl_backfill.id group by s.state
    ) as counted) as sessions`;

export async function findBackfill(db: Database, id: string): Promise<BackfillRow | undefined> {
  const { rows } = await sql<BackfillRow>`select ${columns} from ailbl_backfill where id = ${id}`.execute(db);
  return rows[0];
}

/** One page, oldest first unless asked otherwise, and the total. */
export function listBackfills(
  db: Database,
  scheduleId: string,
  query: ListBackfills,
  start: PageStart,
): Promise<Page<BackfillRow>> {
  return listRows<BackfillRow>(db, {
    table: "ailbl_backfill",
    columns,
    sort: { name: "created", type: "timestamptz" },
    filter: sql`schedule_id = ${scheduleId}`,
    isSearch: false,
    query,
    start,
  });
}

interface NewBackfill {
  readonly id: string;
  readonly schedule: { readonly id: string; readonly name: string };
  readonly from: Date;
  readonly to: Date;
  readonly maxParallel: number;
  readonly now: Date;
  readonly createdBy: string;
}

export async function insertBackfill(tx: DatabaseTransaction, backfill: NewBackfill): Promise<void> {
  await tx
    .insertInto("ailbl_backfill")
    .values({
      id: backfill.id,
      schedule_id: backfill.schedule.id,
      schedule_name: backfill.schedule.name,
      from_slot: backfill.from,
      to_slot: backfill.to,
      max_parallel: backfill.maxParallel,
      next_from: backfill.from,
      created: backfill.now,
      created_by: backfill.createdBy,
    })
    .execute();
}

/** Holds the backfill until the transaction ends: nobody else opens sessions of it, or ends it. */
export async function lockBackfill(tx: DatabaseTransaction, id: string): Promise<BackfillRow | undefined> {
  await sql`select from ailbl_backfill where id = ${id} for update`.execute(tx);
  return findBackfill(tx, id);
}

/** What opening sessions needs; not how many there are in which state, which costs the reading of them all. */
export type RunningBackfill = Pick<
  BackfillRow,
  "id" | "schedule_id" | "to_slot" | "max_parallel" | "next_from" | "created_by"
>;

/** As {@link lockBackfill}, but undefined at once when another holds it, or when it has ended. */
export async function lockRunningBackfill(tx: DatabaseTransaction, id: string): Promise<RunningBackfill | undefined> {
  const { rows } = await sql<RunningBackfill>`
    select id, schedule_id, to_slot, max_parallel, next_from, created_by
    from ailbl_backfill where id = ${id} and state = 'running' for update skip locked`.execute(tx);
  return rows[0];
}

/**
 * Backfills after `afterId`, by id, that have something to do: room for another session, or none left to wait for. A
 * running one whose sessions are all under way costs the reading of as many index entries as it may have of them.
 */
export async function listReadyBackfills(db: Database, afterId: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select b.id from ailbl_backfill as b
    where b.state = 'running' and b.id > ${afterId} and (
      select count(*) from (
        select from ailbl_open_session as o where o.backfill_id = b.id limit b.max_parallel) as unfinished
    ) < case when b.next_from is null then 1 else b.max_parallel end
    order by b.id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** To be asked after the backfill is locked, in a statement of its own. */
export async function countUnfinished(tx: DatabaseTransaction, id: string): Promise<number> {
  const { rows } = await sql<{ sessions: number }>`
    select count(*) as sessions from ailbl_open_session where backfill_id = ${id}`.execute(tx);
  return rows[0]?.sessions ?? 0;
}

/** How far it has come, and whether it has ended. */
export async function moveBackfill(
  tx: DatabaseTransaction,
  id: string,
  moved: Pick<BackfillRow, "state" | "next_from" | "reason" | "ended"> & { readonly opened: number },
): Promise<void> {
  await sql`update ailbl_backfill set state = ${moved.state}, next_from = ${moved.next_from}, reason = ${moved.reason},
    ended = ${moved.ended}, opened = opened + ${moved.opened} where id = ${id}`.execute(tx);
}

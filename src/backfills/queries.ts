import { sql } from "kysely";
import { listRows } from "../platform/database/list.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { SessionState } from "../sessions/states.ts";
import type { ListBackfills } from "./model.ts";

/** A row of ailbl_backfill. */
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
  /** Number of sessions by state; null before the first session. */
  readonly sessions: Readonly<Partial<Record<SessionState, number>>> | null;
}

/** The columns of a {@link BackfillRow}, for statements that name the table by its own name. */
const columns = sql`ailbl_backfill.*, (
    select jsonb_object_agg(state, sessions) from (
      select s.state, count(*) as sessions from ailbl_session as s where s.backfill_id = ailbl_backfill.id group by s.state
    ) as counted) as sessions`;

/** Reads a backfill by id, which must be a UUID. */
export async function findBackfill(db: Database, id: string): Promise<BackfillRow | undefined> {
  const { rows } = await sql<BackfillRow>`select ${columns} from ailbl_backfill where id = ${id}`.execute(db);
  return rows[0];
}

/** One page, oldest first by default, and the total. */
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

/** Inserts a running backfill whose cursor is at its first instant. */
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

/** Locks a backfill until the transaction ends: no other transaction can open its sessions or end it. */
export async function lockBackfill(tx: DatabaseTransaction, id: string): Promise<BackfillRow | undefined> {
  await sql`select from ailbl_backfill where id = ${id} for update`.execute(tx);
  return findBackfill(tx, id);
}

/** The columns that opening sessions needs. Without `sessions`, for which all sessions would be counted. */
export type RunningBackfill = Pick<
  BackfillRow,
  "id" | "schedule_id" | "to_slot" | "max_parallel" | "next_from" | "created_by"
>;

/** {@link lockBackfill} for a worker: undefined at once if another transaction has the lock, or if the backfill has ended. */
export async function lockRunningBackfill(tx: DatabaseTransaction, id: string): Promise<RunningBackfill | undefined> {
  const { rows } = await sql<RunningBackfill>`
    select id, schedule_id, to_slot, max_parallel, next_from, created_by
    from ailbl_backfill where id = ${id} and state = 'running' for update skip locked`.execute(tx);
  return rows[0];
}

/**
 * Lists backfills that need a step, by id after `afterId`: they have room for another session, or their last session has ended. For
 * a backfill without room this reads `max_parallel` index entries.
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

/** Counts sessions that have not ended. Call it after the lock, so that this statement sees what other workers committed. */
export async function countUnfinished(tx: DatabaseTransaction, id: string): Promise<number> {
  const { rows } = await sql<{ sessions: number }>`
    select count(*) as sessions from ailbl_open_session where backfill_id = ${id}`.execute(tx);
  return rows[0]?.sessions ?? 0;
}

/** Writes the progress of a backfill. `opened` is added to the sessions opened so far. */
export async function moveBackfill(
  tx: DatabaseTransaction,
  id: string,
  moved: Pick<BackfillRow, "state" | "next_from" | "reason" | "ended"> & { readonly opened: number },
): Promise<void> {
  await sql`update ailbl_backfill set state = ${moved.state}, next_from = ${moved.next_from}, reason = ${moved.reason},
    ended = ${moved.ended}, opened = opened + ${moved.opened} where id = ${id}`.execute(tx);
}

import { type Selectable, sql } from "kysely";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { ScheduleStatsTable, ScheduleTable } from "./tables.ts";

type ScheduleColumns = Omit<Selectable<ScheduleTable>, "name_key" | "search_text" | "next_due_at">;

/** The counters of a schedule. Workers write them when a session ends. */
export type ScheduleStats = Omit<Selectable<ScheduleStatsTable>, "schedule_id">;

/** A schedule with its counters, as it is read. */
export interface ScheduleRow extends Readonly<ScheduleColumns>, Readonly<ScheduleStats> {
  /** The first instant that no scan has looked at, while the schedule is enabled. Null, in the database `infinity`: never due. */
  readonly next_due_at: Date | null;
}

const columns = [
  "ailbl_schedule.id",
  "ailbl_schedule.name",
  "ailbl_schedule.description",
  "ailbl_schedule.kind",
  "ailbl_schedule.enable",
  "ailbl_schedule.owner",
  "ailbl_schedule.engine",
  "ailbl_schedule.labels",
  "ailbl_schedule.trigger",
  "ailbl_schedule.active",
  "ailbl_schedule.job",
  "ailbl_schedule.params",
  "ailbl_schedule.storage_id",
  "ailbl_schedule.policy",
  "ailbl_schedule.last_slot",
  "ailbl_schedule.disabled",
  "ailbl_schedule.scanned",
  "ailbl_schedule.slot_sessions",
  "ailbl_schedule.version",
  "ailbl_schedule.created",
  "ailbl_schedule.created_by",
  "ailbl_schedule.modified",
  "ailbl_schedule.modified_by",
  "c.sessions",
  "c.succeeded",
  "c.failed",
  "c.consecutive_failures",
  "c.last_error",
  "c.changed",
] as const;

const nextDueAt = sql<Date | null>`nullif(ailbl_schedule.next_due_at, 'infinity')`.as("next_due_at");
const pausedFrom = sql<Date | null>`nullif(ailbl_schedule.paused_from, 'infinity')`.as("paused_from");

/** Every column of a ScheduleRow, for a statement that reads `ailbl_schedule` and joins {@link statsOfSchedule}. */
export const scheduleColumns = sql.join([...columns.map((column) => sql.ref(column)), nextDueAt, pausedFrom]);
/** The counters of a schedule, joined as `c`. */
export const statsOfSchedule = sql`ailbl_schedule_stats as c on c.schedule_id = ailbl_schedule.id`;

/** Begins a query that reads ScheduleRows. */
export function selectSchedules(db: Database) {
  return db
    .selectFrom("ailbl_schedule")
    .innerJoin("ailbl_schedule_stats as c", "c.schedule_id", "ailbl_schedule.id")
    .select(columns)
    .select([nextDueAt, pausedFrom]);
}

/** The schedule with this id, which must be a UUID. */
export function findSchedule(db: Database, id: string): Promise<ScheduleRow | undefined> {
  return selectSchedules(db).where("ailbl_schedule.id", "=", id).executeTakeFirst();
}

/**
 * Locks the schedule against scans, picks and other writers until the transaction ends, then reads it. Two statements, because one
 * that waits for a lock has already read the joined counters before it waits.
 */
export async function lockSchedule(tx: DatabaseTransaction, id: string): Promise<ScheduleRow | undefined> {
  await tx.selectFrom("ailbl_schedule").select("id").where("id", "=", id).forUpdate().execute();
  return findSchedule(tx, id);
}

/**
 * Whether another schedule has the name, in any case. Only for an early answer: the unique index decides.
 *
 * @param exceptId a schedule that may have the name itself
 */
export async function isNameTaken(db: Database, name: string, exceptId: string | null): Promise<boolean> {
  const row = await db
    .selectFrom("ailbl_schedule")
    .select("id")
    .where("name_key", "=", foldCase(name))
    .executeTakeFirst();
  return row !== undefined && row.id !== exceptId;
}

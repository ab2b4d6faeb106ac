import { sql } from "kysely";
import type { Job } from "../engines/job.ts";
import { toJsonb, toNullableJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { SessionError } from "../sessions/model.ts";
import type { Active, Trigger } from "../timing/model.ts";
import type { Disabled, Policy } from "./model.ts";

/** A schedule with its counters. Never due, in the database `infinity`, is null here. */
export interface ScheduleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly kind: number;
  readonly enable: boolean;
  readonly owner: string;
  readonly engine: string;
  readonly labels: Record<string, string>;
  readonly trigger: Trigger;
  readonly active: Active | null;
  readonly job: Job;
  readonly params: Record<string, unknown>;
  readonly storage_id: string | null;
  readonly policy: Policy;
  readonly next_due_at: Date | null;
  readonly last_slot: Date | null;
  readonly paused_from: Date | null;
  readonly disabled: Disabled | null;
  readonly scanned: Date | null;
  readonly slot_sessions: number;
  readonly version: number;
  readonly created: Date;
  readonly created_by: string;
  readonly modified: Date;
  readonly modified_by: string;
  readonly sessions: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly consecutive_failures: number;
  readonly last_error: SessionError | null;
  readonly changed: Date | null;
}

/** The columns that people decide; the workers' own are left alone by every statement here but for the watermark. */
export interface NewSchedule {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly kind: number;
  readonly enable: boolean;
  readonly owner: string;
  readonly engine: string;
  readonly labels: Record<string, string>;
  readonly trigger: Trigger;
  readonly active: Active | null;
  readonly job: Job;
  readonly params: Record<string, unknown>;
  readonly storage_id: string | null;
  readonly policy: Policy;
  readonly next_due_at: Date | null;
  readonly paused_from: Date | null;
  readonly disabled: Disabled | null;
  readonly modified: Date;
  readonly modified_by: string;
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

/** What is read of a schedule, in a statement that names both tables so: its own by its name, its stats `c`. */
export const scheduleColumns = sql.join([...columns.map((column) => sql.ref(column)), nextDueAt, pausedFrom]);
export const statsOfSchedule = sql`ailbl_schedule_stats as c on c.schedule_id = ailbl_schedule.id`;

export function selectSchedules(db: Database) {
  return db
    .selectFrom("ailbl_schedule")
    .innerJoin("ailbl_schedule_stats as c", "c.schedule_id", "ailbl_schedule.id")
    .select(columns)
    .select([nextDueAt, pausedFrom]);
}

export function findSchedule(db: Database, id: string): Promise<ScheduleRow | undefined> {
  return selectSchedules(db).where("ailbl_schedule.id", "=", id).executeTakeFirst();
}

/**
 * Holds the row against scans, picks and other writers until the transaction ends. Locked first and read afterwards: a
 * statement that waited for a lock has read what it joins before it waited.
 */
export async function lockSchedule(tx: DatabaseTransaction, id: string): Promise<ScheduleRow | undefined> {
  await tx.selectFrom("ailbl_schedule").select("id").where("id", "=", id).forUpdate().execute();
  return findSchedule(tx, id);
}

export async function insertSchedule(tx: DatabaseTransaction, schedule: NewSchedule): Promise<void> {
  await tx
    .insertInto("ailbl_schedule")
    .values({ ...toColumns(schedule), id: schedule.id, created: schedule.modified, created_by: schedule.modified_by })
    .execute();
  await tx
    .insertInto("ailbl_schedule_stats")
    .values({ schedule_id: schedule.id, last_error: sql<null>`null` })
    .execute();
}

/** Writes every column anew and counts the version up. */
export async function updateSchedule(tx: DatabaseTransaction, schedule: NewSchedule): Promise<void> {
  await tx
    .updateTable("ailbl_schedule")
    .set({ ...toColumns(schedule), version: sql`version + 1` })
    .where("id", "=", schedule.id)
    .execute();
}

/** As a literal: postgres.js turns every parameter of this type into a Date, which knows no infinity. */
const never = sql<Date>`'infinity'::timestamptz`;

function toColumns(schedule: NewSchedule) {
  return {
    name: schedule.name,
    name_key: foldCase(schedule.name),
    description: schedule.description,
    search_text: foldCase(`${schedule.name}\n${schedule.description ?? ""}`),
    kind: schedule.kind,
    enable: schedule.enable,
    owner: schedule.owner,
    engine: schedule.engine,
    labels: toJsonb(schedule.labels),
    trigger: toJsonb(schedule.trigger),
    active: toNullableJsonb(schedule.active),
    job: toJsonb(schedule.job),
    params: toJsonb(schedule.params),
    storage_id: schedule.storage_id,
    policy: toJsonb(schedule.policy),
    next_due_at: schedule.next_due_at ?? never,
    paused_from: schedule.enable ? null : (schedule.paused_from ?? never),
    disabled: toNullableJsonb(schedule.disabled),
    modified: schedule.modified,
    modified_by: schedule.modified_by,
  };
}

export async function deleteSchedule(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("ailbl_schedule").where("id", "=", id).execute();
}

export async function resetConsecutiveFailures(tx: DatabaseTransaction, id: string, now: Date): Promise<void> {
  await tx
    .updateTable("ailbl_schedule_stats")
    .set({ consecutive_failures: 0, changed: now })
    .where("schedule_id", "=", id)
    .where("consecutive_failures", ">", 0)
    .execute();
}

export async function isNameTaken(db: Database, name: string, exceptId: string | null): Promise<boolean> {
  const row = await db
    .selectFrom("ailbl_schedule")
    .select("id")
    .where("name_key", "=", foldCase(name))
    .executeTakeFirst();
  return row !== undefined && row.id !== exceptId;
}

import { sql } from "kysely";
import { toJsonb, toNullableJsonb } from "../platform/database/sql.ts";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { ScheduleRow, ScheduleStats } from "./queries.ts";

/** Columns that workers write, or that are counted or set once. */
type OtherColumn = "last_slot" | "scanned" | "slot_sessions" | "version" | "created" | "created_by";

/** The part of a schedule that a save writes. Workers write one column of it too: `next_due_at`, under the same row lock. */
export type SavedSchedule = Omit<ScheduleRow, OtherColumn | keyof ScheduleStats>;

/** Inserts a schedule of version 1 with its counters at zero. */
export async function insertSchedule(tx: DatabaseTransaction, schedule: SavedSchedule): Promise<void> {
  await tx
    .insertInto("ailbl_schedule")
    .values({ ...toColumns(schedule), id: schedule.id, created: schedule.modified, created_by: schedule.modified_by })
    .execute();
  await tx
    .insertInto("ailbl_schedule_stats")
    .values({ schedule_id: schedule.id, last_error: sql<null>`null` })
    .execute();
}

/** Writes every column of a saved schedule and adds 1 to its version. */
export async function updateSchedule(tx: DatabaseTransaction, schedule: SavedSchedule): Promise<void> {
  await tx
    .updateTable("ailbl_schedule")
    .set({ ...toColumns(schedule), version: sql`version + 1` })
    .where("id", "=", schedule.id)
    .execute();
}

/** A literal and not a parameter: postgres.js turns each parameter of this type into a Date, which has no infinity. */
const never = sql<Date>`'infinity'::timestamptz`;

function toColumns(schedule: SavedSchedule) {
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

/** Deletes a schedule with its counters and skipped slots. Its sessions stay. */
export async function deleteSchedule(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("ailbl_schedule").where("id", "=", id).execute();
}

/** Sets the failures in a row to 0; writes nothing when they are 0 already. */
export async function resetConsecutiveFailures(tx: DatabaseTransaction, id: string, now: Date): Promise<void> {
  await tx
    .updateTable("ailbl_schedule_stats")
    .set({ consecutive_failures: 0, changed: now })
    .where("schedule_id", "=", id)
    .where("consecutive_failures", ">", 0)
    .execute();
}

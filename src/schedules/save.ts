import type { Actor } from "../platform/audit/record.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../platform/database/faults.ts";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { Change } from "../platform/resource/change.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { endWaiting, rerouteWaiting } from "../sessions/queries.ts";
import { scheduleNameConflict, unknownStorage } from "./errors.ts";
import { requireLocked } from "./lookup.ts";
import type { Disabled, Schedule } from "./model.ts";
import type { ScheduleRow } from "./queries.ts";
import { toSchedule } from "./representation.ts";
import { insertSkippedSlots } from "./slots/queries.ts";
import { moveWatermark } from "./watermark.ts";
import { insertSchedule, resetConsecutiveFailures, type SavedSchedule, updateSchedule } from "./write-queries.ts";

interface SaveContext {
  readonly now: Date;
  readonly actor: Actor;
  /** Why the schedule is disabled, if it is; `manual` (by a person) unless given. */
  readonly reason?: "manual" | "over" | "failing";
  /** The note of a schedule that is disabled, or was disabled before; null keeps the note that it has. */
  readonly note: string | null;
}

/**
 * Writes a changed schedule with all consequences: moves the watermark, records the slots that will not run, and changes the
 * sessions that wait. The caller has locked `before`.
 *
 * @throws SCHEDULE_NAME_CONFLICT, VALIDATION_ERROR for a storage that does not exist
 */
export async function saveSchedule(
  tx: DatabaseTransaction,
  before: ScheduleRow,
  merged: SavedSchedule,
  context: SaveContext,
): Promise<void> {
  const { now, actor } = context;
  const { skipped, ...watermark } = moveWatermark(before, merged, now);
  const disabled = toDisabledField(before, merged, context);
  await updateNamed(tx, { ...merged, ...watermark, disabled, modified: now, modified_by: actor.subject });
  await insertSkippedSlots(
    tx,
    skipped.map((stretch) => ({ scheduleId: before.id, ...stretch })),
    now,
  );
  if (before.engine !== merged.engine) await rerouteWaiting(tx, before.id, merged.engine);
  if (!before.enable && merged.enable) await resetConsecutiveFailures(tx, before.id, now);
  if (before.enable && !merged.enable) await skipWaitingSlots(tx, before.id, context);
}

function toDisabledField(
  before: ScheduleRow,
  { enable }: SavedSchedule,
  { reason = "manual", note, actor, now }: SaveContext,
): Disabled | null {
  if (enable) return null;
  if (before.enable || before.disabled === null) return { reason, note, by: actor.subject, at: now.toISOString() };
  return note === null ? before.disabled : { ...before.disabled, note };
}

/** Skips sessions of slots that have not started. Manual sessions still run; so do the last slots of a schedule that is over. */
async function skipWaitingSlots(tx: DatabaseTransaction, scheduleId: string, context: SaveContext): Promise<void> {
  if (context.reason === "over") return;
  await endWaiting(
    tx,
    { scheduleId },
    {
      state: "skipped",
      causes: ["slot"],
      now: context.now,
      actor: context.actor.subject,
      reason: "paused",
      message: "The schedule was disabled before the session started",
    },
  );
}

/** @throws SCHEDULE_NAME_CONFLICT, VALIDATION_ERROR for a storage that does not exist */
export const insertNamed = withConflicts(insertSchedule);
const updateNamed = withConflicts(updateSchedule);

function withConflicts(write: (tx: DatabaseTransaction, schedule: SavedSchedule) => Promise<void>) {
  return async (tx: DatabaseTransaction, schedule: SavedSchedule): Promise<void> => {
    try {
      await write(tx, schedule);
    } catch (error) {
      if (isUniqueViolation(error, "ailbl_schedule_name_key")) throw scheduleNameConflict(schedule.name);
      if (isForeignKeyViolation(error, "ailbl_schedule_storage")) throw unknownStorage(schedule.storage_id ?? "");
      throw error;
    }
  };
}

interface SaveRecord {
  readonly id: string;
  readonly action: string;
  readonly before: ScheduleRow | null;
  readonly note?: string | null;
}

/**
 * Reads a written schedule back as the API shows it, and records the change. The last step of a transaction.
 *
 * @param before null for a created schedule
 * @param action as in the audit trail, for example `schedule.update`
 * @param note of the request, if the schedule has no place for it: it is a field of `after` in the trail
 * @throws what `change.beforeCommit` throws
 */
export async function recordSave(
  tx: DatabaseTransaction,
  change: Change<Schedule>,
  { id, action, before, note = null }: SaveRecord,
): Promise<Schedule> {
  const result = toSchedule(await requireLocked(tx, id, null));
  return recordChange(tx, change, {
    action,
    kind: "schedule",
    id,
    before: before === null ? null : toSchedule(before),
    after: note === null ? result : { ...result, note },
    result,
  });
}

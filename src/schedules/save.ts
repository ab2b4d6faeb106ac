import { type Actor, recordAudit } from "../platform/audit/record.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../platform/database/faults.ts";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { Change } from "../platform/resource/change.ts";
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
  /** Why it is disabled, if it is; a person's doing unless given. */
  readonly reason?: "manual" | "over" | "failing";
  readonly note: string | null;
}

/** Writes a changed schedule, and what the change does to instants and to sessions that wait. */
export async function saveSchedule(
  tx: DatabaseTransaction,
  before: ScheduleRow,
  merged: SavedSchedule,
  { now, actor, reason = "manual", note }: SaveContext,
): Promise<void> {
  const { skipped, ...moved } = moveWatermark(before, merged, now);
  const isNowDisabled = before.enable && !merged.enable;
  await updateNamed(tx, {
    ...merged,
    ...moved,
    disabled: merged.enable
      ? null
      : isNowDisabled
        ? { reason, note, by: actor.subject, at: now.toISOString() }
        : before.disabled,
    modified: now,
    modified_by: actor.subject,
  });
  await insertSkippedSlots(
    tx,
    skipped.map((stretch) => ({ scheduleId: before.id, ...stretch })),
    now,
  );
  if (before.engine !== merged.engine) await rerouteWaiting(tx, before.id, merged.engine);
  if (!before.enable && merged.enable) await resetConsecutiveFailures(tx, before.id, now);
  // The last slots of a schedule that is over are still to run.
  if (isNowDisabled && reason !== "over") {
    // Who disables a schedule wants it to stop: what has not started does not. What a person asked for by hand stays.
    await endWaiting(
      tx,
      { scheduleId: before.id },
      {
        state: "skipped",
        causes: ["slot"],
        now,
        actor: actor.subject,
        reason: "paused",
        message: "The schedule was disabled",
      },
    );
  }
}

export function toDisabled(note: string | null, by: string, now: Date): Disabled {
  return { reason: "manual", note, by, at: now.toISOString() };
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

/** Reads the object back as others will see it, tells the trail, and lets the request keep its answer. */
export async function finishChange(
  tx: DatabaseTransaction,
  id: string,
  before: ScheduleRow | null,
  action: string,
  change: Change<Schedule>,
): Promise<Schedule> {
  const schedule = toSchedule(await requireLocked(tx, id, null));
  await auditSchedule(tx, change.actor, action, before === null ? null : toSchedule(before), schedule);
  await change.beforeCommit(tx, schedule);
  return schedule;
}

export async function auditSchedule(
  tx: DatabaseTransaction,
  actor: Actor,
  action: string,
  before: Schedule | null,
  after: Schedule | null,
): Promise<void> {
  await recordAudit(tx, { actor, action, kind: "schedule", objectId: (before ?? after)?.id ?? "", before, after });
}

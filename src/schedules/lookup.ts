import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { scheduleNotFound } from "./errors.ts";
import { findSchedule, lockSchedule, type ScheduleRow } from "./queries.ts";

/** @throws SCHEDULE_NOT_FOUND */
export function requireSchedule(db: Database, id: string): Promise<ScheduleRow> {
  return requireRow(id, (uuid) => findSchedule(db, uuid), scheduleNotFound);
}

/**
 * Locks the schedule until the transaction ends.
 *
 * @param condition the version that the caller expects; null for any
 * @throws SCHEDULE_NOT_FOUND
 * @throws PRECONDITION_FAILED when the schedule has another version
 */
export async function requireLocked(
  tx: DatabaseTransaction,
  id: string,
  condition: VersionCondition,
): Promise<ScheduleRow> {
  const row = await requireRow(id, (uuid) => lockSchedule(tx, uuid), scheduleNotFound);
  requireVersion(row, condition);
  return row;
}

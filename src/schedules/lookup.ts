import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { isUuid } from "../platform/id.ts";
import { requireVersion, type VersionCondition } from "../platform/resource/entity-tag.ts";
import { scheduleNotFound } from "./errors.ts";
import { findSchedule, lockSchedule, type ScheduleRow } from "./queries.ts";

/** @throws SCHEDULE_NOT_FOUND */
export async function requireSchedule(db: Database, id: string): Promise<ScheduleRow> {
  const row = isUuid(id) ? await findSchedule(db, id) : undefined;
  if (row === undefined) throw scheduleNotFound(id);
  return row;
}

/** Holds the schedule until the transaction ends. @throws SCHEDULE_NOT_FOUND, PRECONDITION_FAILED */
export async function requireLocked(
  tx: DatabaseTransaction,
  id: string,
  condition: VersionCondition,
): Promise<ScheduleRow> {
  const row = await lockSchedule(tx, id);
  if (row === undefined) throw scheduleNotFound(id);
  requireVersion(row, condition);
  return row;
}

import type { DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { scheduleNotFound } from "../schedules/errors.ts";
import { requireSchedule } from "../schedules/lookup.ts";
import type { ScheduleRow } from "../schedules/queries.ts";
import type { ScheduleNeeds } from "../schedules/service.ts";
import { endWaiting, listUnderWay, requestStops } from "../sessions/queries.ts";
import { listSlotsBetween } from "../timing/slots-between.ts";
import { backfillNotFound } from "./errors.ts";
import type { Backfill, CreateBackfill, ListBackfills } from "./model.ts";
import {
  type BackfillRow,
  findBackfill,
  insertBackfill,
  listBackfills,
  lockBackfill,
  moveBackfill,
} from "./queries.ts";
import { keepSchedule } from "./session-queries.ts";

/** The use cases of the backfill routes. */
export type BackfillService = ReturnType<typeof createBackfillService>;

/** Creates the use cases of backfills. Each opens its own transaction. */
export function createBackfillService({ db, clock, onWork }: Pick<ScheduleNeeds, "db" | "clock" | "onWork">) {
  /** @throws BACKFILL_NOT_FOUND, also for a backfill of another schedule */
  async function find(scheduleId: string, id: string): Promise<Backfill> {
    return toBackfill(await requireBackfill(scheduleId, id, (backfillId) => findBackfill(db, backfillId)));
  }

  /**
   * Lists the backfills of a schedule, also of a deleted one. Empty for an unknown schedule.
   *
   * @throws SCHEDULE_NOT_FOUND when the id is no UUID
   */
  async function list(scheduleId: string, query: ListBackfills, start: PageStart): Promise<Page<BackfillRow>> {
    if (!isUuid(scheduleId)) throw scheduleNotFound(scheduleId);
    return listBackfills(db, scheduleId, query, start);
  }

  /**
   * Creates a backfill. A worker opens its sessions.
   *
   * @throws SCHEDULE_NOT_FOUND
   * @throws VALIDATION_ERROR when `to` is after now, or the interval contains no slot
   */
  async function create(scheduleId: string, input: CreateBackfill, change: Change<Backfill>): Promise<Backfill> {
    await requireSchedule(db, scheduleId);
    const backfill = await inTransaction(db, async (tx) => {
      await keepSchedule(tx, scheduleId);
      const schedule = await requireSchedule(tx, scheduleId);
      const now = clock.now();
      checkInterval(schedule, input, now);
      const id = createId();
      const { from, to, max_parallel: maxParallel } = input;
      await insertBackfill(tx, { id, schedule, from, to, maxParallel, now, createdBy: change.actor.subject });
      const after = await read(tx, scheduleId, id);
      const action = "schedule.backfill";
      return recordChange(tx, change, { action, kind: "schedule", id: scheduleId, before: null, after });
    });
    onWork();
    return backfill;
  }

  /**
   * Cancels a backfill: ends its waiting sessions and, if `running`, asks the others to end. A backfill that has ended is returned
   * as it is.
   *
   * @throws BACKFILL_NOT_FOUND
   */
  async function cancel(
    scheduleId: string,
    id: string,
    { running }: { running: boolean },
    change: Change<Backfill>,
  ): Promise<Backfill> {
    await find(scheduleId, id);
    const backfill = await inTransaction(db, async (tx) => {
      const before = await requireBackfill(scheduleId, id, (backfillId) => lockBackfill(tx, backfillId));
      const by = { now: clock.now(), actor: change.actor.subject };
      if (running) await stopRunning(tx, id, by);
      if (before.state !== "running") return read(tx, scheduleId, id);
      await endWaiting(
        tx,
        { backfillId: id },
        { ...by, state: "canceled", reason: "backfill_canceled", message: "The backfill was canceled" },
      );
      const ending = { state: "canceled", reason: "canceled", next_from: before.next_from, ended: by.now } as const;
      await moveBackfill(tx, id, { ...ending, opened: 0 });
      const after = await read(tx, scheduleId, id);
      const action = "schedule.backfill_cancel";
      return recordChange(tx, change, { action, kind: "schedule", id: scheduleId, before: toBackfill(before), after });
    });
    onWork();
    return backfill;
  }

  return { find, list, create, cancel };
}

/** @throws BACKFILL_NOT_FOUND */
async function read(tx: DatabaseTransaction, scheduleId: string, id: string): Promise<Backfill> {
  return toBackfill(await requireBackfill(scheduleId, id, (backfillId) => findBackfill(tx, backfillId)));
}

/** Requires the backfill, of this schedule. @throws BACKFILL_NOT_FOUND */
function requireBackfill(
  scheduleId: string,
  id: string,
  find: (id: string) => Promise<BackfillRow | undefined>,
): Promise<BackfillRow> {
  const findOfSchedule = async (backfillId: string) => {
    const row = await find(backfillId);
    return row?.schedule_id === scheduleId.toLowerCase() ? row : undefined;
  };
  return requireRow(id, findOfSchedule, backfillNotFound);
}

/** @throws VALIDATION_ERROR when `to` is after now, or the interval contains no slot */
function checkInterval(schedule: ScheduleRow, interval: Pick<CreateBackfill, "from" | "to">, now: Date): void {
  if (interval.to > now) {
    throw invalid("/to", `must not be after now (${now.toISOString()}): a backfill runs past slots only`);
  }
  if (listSlotsBetween(schedule, interval, 1).length === 0) {
    throw invalid("/from", "begins an interval in which the schedule has no slot: choose a longer one", "no_slots");
  }
}

/** Asks the workers that have sessions of the backfill to end them. */
async function stopRunning(
  tx: DatabaseTransaction,
  backfillId: string,
  { now, actor }: { readonly now: Date; readonly actor: string },
): Promise<void> {
  const sessions = await listUnderWay(tx, { backfillId });
  const ids = sessions.map(({ id }) => id);
  await requestStops(tx, ids, { now, by: actor, reason: "cancel" });
}

/** Converts a row to the backfill of the API. */
export function toBackfill(row: BackfillRow): Backfill {
  return {
    id: row.id,
    schedule_id: row.schedule_id,
    schedule_name: row.schedule_name,
    from: row.from_slot.toISOString(),
    to: row.to_slot.toISOString(),
    max_parallel: row.max_parallel,
    state: row.state,
    reason: row.reason,
    next_from: row.next_from?.toISOString() ?? null,
    opened: row.opened,
    sessions: row.sessions ?? {},
    created: row.created.toISOString(),
    created_by: row.created_by,
    ended: row.ended?.toISOString() ?? null,
  };
}

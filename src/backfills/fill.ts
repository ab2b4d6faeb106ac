import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import type { Logger } from "../platform/log.ts";
import { findSchedule, type ScheduleRow } from "../schedules/queries.ts";
import { findPreviousInstant } from "../timing/instants.ts";
import { listSlotsBetween } from "../timing/slots-between.ts";
import {
  countUnfinished,
  listReadyBackfills,
  lockRunningBackfill,
  moveBackfill,
  type RunningBackfill,
} from "./queries.ts";
import { insertBackfillSessions, keepSchedule } from "./session-queries.ts";

const batchSize = 100;
const beforeAnyId = "00000000-0000-0000-0000-000000000000";

interface BackfillNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The result of a turn of backfill. */
export interface BackfillSummary {
  /** Sessions opened. */
  readonly sessions: number;
  /** Backfills that were ended. */
  readonly backfills_ended: number;
}

/**
 * Opens sessions of the backfills that have room for them, oldest slot first, and ends backfills whose last session has ended. Each
 * backfill gets one short transaction under its lock, so several workers may run this at once, and a worker that dies leaves no
 * partial step.
 */
export async function fillBack(needs: BackfillNeeds, signal: AbortSignal): Promise<BackfillSummary> {
  const sum = { sessions: 0, backfills_ended: 0 };
  for (let after = beforeAnyId; !signal.aborted; ) {
    const ids = await listReadyBackfills(needs.db, after, batchSize);
    for (const id of ids) {
      const { opened, isEnded } = await takeStep(needs, id);
      sum.sessions += opened;
      sum.backfills_ended += isEnded ? 1 : 0;
    }
    const last = ids.at(-1);
    if (last === undefined || ids.length < batchSize) break;
    after = last;
  }
  return sum;
}

interface Step {
  readonly opened: number;
  readonly isEnded: boolean;
}

const nothing: Step = { opened: 0, isEnded: false };

/** Takes one step of one backfill. A fault (such as a trigger that cannot be computed) is logged, so that other backfills go on. */
async function takeStep({ db, clock, log }: BackfillNeeds, id: string): Promise<Step> {
  try {
    return await inTransaction(db, async (tx) => {
      const backfill = await lockRunningBackfill(tx, id);
      if (backfill === undefined) return nothing;
      await keepSchedule(tx, backfill.schedule_id);
      const schedule = await findSchedule(tx, backfill.schedule_id);
      const now = clock.now();
      return schedule === undefined ? abandon(tx, backfill, now) : await fill(tx, { backfill, schedule, now });
    });
  } catch (error) {
    log.error({ backfill_id: id, err: error }, "backfill step failed");
    return nothing;
  }
}

/** Ends a backfill whose schedule was deleted; the delete has ended its sessions. */
async function abandon(tx: DatabaseTransaction, { id }: RunningBackfill, now: Date): Promise<Step> {
  await moveBackfill(tx, id, { state: "canceled", next_from: null, reason: "schedule_deleted", ended: now, opened: 0 });
  return { opened: 0, isEnded: true };
}

interface Filling {
  readonly backfill: RunningBackfill;
  readonly schedule: ScheduleRow;
  readonly now: Date;
}

async function fill(tx: DatabaseTransaction, { backfill, schedule, now }: Filling): Promise<Step> {
  const unfinished = await countUnfinished(tx, backfill.id);
  const { slots, nextFrom } = listSlots(backfill, schedule, backfill.max_parallel - unfinished);
  const sessions = slots.map((slot) => ({
    id: createId(),
    slot,
    dataIntervalStart: findPreviousInstant(schedule, slot) ?? slot,
  }));
  const { id: backfillId, created_by: createdBy } = backfill;
  const opened = await insertBackfillSessions(tx, sessions, { backfillId, schedule, now, createdBy });
  const isEnded = nextFrom === null && unfinished + opened === 0;
  await moveBackfill(tx, backfillId, {
    state: isEnded ? "done" : "running",
    next_from: nextFrom,
    reason: null,
    ended: isEnded ? now : null,
    opened,
  });
  return { opened, isEnded };
}

/** The next slots, at most `room`, and the first slot after them (null if there is none). */
function listSlots({ next_from: from, to_slot: to }: RunningBackfill, schedule: ScheduleRow, room: number) {
  if (from === null || room <= 0) return { slots: [], nextFrom: from };
  // The slot after the room is the next cursor.
  const slots = listSlotsBetween(schedule, { from, to }, room + 1);
  return { slots: slots.slice(0, room), nextFrom: slots[room] ?? null };
}

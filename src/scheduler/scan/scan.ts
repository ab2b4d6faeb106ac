import type { Clock } from "../../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { createId } from "../../platform/id.ts";
import type { Logger } from "../../platform/log.ts";
import { insertSkippedSlots } from "../../schedules/slots/queries.ts";
import type { SchedulerMetrics } from "../metrics.ts";
import { planSlots, type SlotPlan } from "./plan.ts";
import { type DueSchedule, insertSlotSessions, lockDueSchedules, moveSchedules } from "./queries.ts";
import { countLeft, listWithin, settlePlan } from "./session-limit.ts";

export interface ScanNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SchedulerMetrics;
  readonly scan: ScanSettings;
}

export interface ScanSettings {
  /** Schedules a transaction. */
  readonly batchSize: number;
  /** Instants up to this age are on time, so no misfire policy looks at them. More than the pause between two scans. */
  readonly punctualSeconds: number;
}

export interface ScanSummary {
  readonly schedules: number;
  readonly sessions: number;
  /** Stretches of instants that became none. */
  readonly skipped: number;
}

/** Turns due instants into sessions, batch by batch, until none is due. Any number of scanners may do this at once. */
export async function scan(needs: ScanNeeds, signal: AbortSignal): Promise<ScanSummary> {
  const sum = { schedules: 0, sessions: 0, skipped: 0 };
  while (!signal.aborted) {
    const batch = await scanBatch(needs);
    sum.schedules += batch.schedules;
    sum.sessions += batch.sessions;
    sum.skipped += batch.skipped;
    if (batch.schedules < needs.scan.batchSize) break;
  }
  return sum;
}

/** One short transaction: what becomes of the due instants, and that they were looked at, is written together or not at all. */
async function scanBatch(needs: ScanNeeds): Promise<ScanSummary> {
  const now = needs.clock.now();
  const { summary, lagSeconds } = await inTransaction(needs.db, async (tx) => {
    const due = await lockDueSchedules(tx, now, needs.scan.batchSize);
    const planned = due.flatMap((schedule) => plan(needs, schedule, now));
    const written = await write(tx, planned, now);
    const oldest = due[0]?.next_due_at ?? now;
    return {
      // Only those that were planned, so that a batch of faulty ones ends the turn.
      summary: { schedules: planned.length, ...written },
      lagSeconds: (now.getTime() - oldest.getTime()) / 1000,
    };
  });
  needs.metrics.scanLag.set(lagSeconds);
  return summary;
}

interface Planned {
  readonly schedule: DueSchedule;
  readonly plan: SlotPlan;
  /** How many slots may still become sessions. */
  readonly left: number;
}

/** A schedule that cannot be planned must not stop the others: it stays due, and the log says so at each turn. */
function plan({ scan, log }: ScanNeeds, schedule: DueSchedule, now: Date): Planned[] {
  try {
    const { id, trigger, active, policy, next_due_at: nextDueAt } = schedule;
    const planned = planSlots({ id, trigger, active, policy, nextDueAt }, now, scan.punctualSeconds);
    return [{ schedule, plan: planned, left: countLeft(policy.max_sessions, schedule.slot_sessions) }];
  } catch (error) {
    log.error({ schedule_id: schedule.id, err: error }, "schedule cannot be scanned");
    return [];
  }
}

interface Written {
  readonly sessions: number;
  readonly skipped: number;
}

async function write(tx: DatabaseTransaction, planned: readonly Planned[], now: Date): Promise<Written> {
  if (planned.length === 0) return { sessions: 0, skipped: 0 };
  const inserted = await insertSlotSessions(
    tx,
    planned.flatMap(({ schedule, plan, left }) =>
      listWithin(plan, left).map((slot) => ({ ...slot, id: createId(), schedule })),
    ),
    now,
  );
  const moves = planned.map(({ schedule: { id }, plan, left }) => {
    const sessions = inserted.get(id) ?? 0;
    return { ...settlePlan(plan, left, sessions), id, sessions };
  });
  const skipped = moves.flatMap((move) => move.skipped.map((stretch) => ({ scheduleId: move.id, ...stretch })));
  await insertSkippedSlots(tx, skipped, now);
  await moveSchedules(tx, moves, now);
  return { sessions: moves.reduce((sum, move) => sum + move.sessions, 0), skipped: skipped.length };
}

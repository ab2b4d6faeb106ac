import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { createId } from "../../platform/id.ts";
import { insertSkippedSlots } from "../../schedules/slots/queries.ts";
import type { SchedulerContext } from "../context.ts";
import { planSlots, type SlotPlan } from "./plan.ts";
import { type DueSchedule, insertSlotSessions, lockDueSchedules, moveSchedules } from "./queries.ts";
import { countLeft, limitPlan, listWithin } from "./session-limit.ts";

type ScanContext = Pick<SchedulerContext, "db" | "clock" | "log" | "metrics" | "scan">;

/** One turn: schedules that were planned, sessions that were opened, stretches that were skipped. */
export interface ScanSummary {
  readonly schedules: number;
  readonly sessions: number;
  /** Stretches of instants that became no session. */
  readonly skipped: number;
}

/** Turns due instants into sessions, batch by batch, until none is due. Any number of scanners may do this at once. */
export async function scan(context: ScanContext, signal: AbortSignal): Promise<ScanSummary> {
  const sum = { schedules: 0, sessions: 0, skipped: 0 };
  while (!signal.aborted) {
    const batch = await scanBatch(context);
    sum.schedules += batch.schedules;
    sum.sessions += batch.sessions;
    sum.skipped += batch.skipped;
    if (batch.schedules < context.scan.batchSize) break;
  }
  return sum;
}

/** One short transaction: what becomes of the due instants, and that they were looked at, is written together or not at all. */
async function scanBatch(context: ScanContext): Promise<ScanSummary> {
  const now = context.clock.now();
  const { summary, lagSeconds } = await inTransaction(context.db, async (tx) => {
    const due = await lockDueSchedules(tx, now, context.scan.batchSize);
    const planned = due.flatMap((schedule) => plan(context, schedule, now));
    const written = await write(tx, planned, now);
    const oldest = due[0]?.next_due_at ?? now;
    return {
      // Counts planned schedules only, so that a batch of schedules that cannot be planned ends the turn.
      summary: { schedules: planned.length, ...written },
      lagSeconds: (now.getTime() - oldest.getTime()) / 1000,
    };
  });
  context.metrics.scanLag.set(lagSeconds);
  return summary;
}

interface Planned {
  readonly schedule: DueSchedule;
  readonly plan: SlotPlan;
  /** How many slots may still become sessions. */
  readonly left: number;
}

/** A schedule that cannot be planned must not stop the others: it stays due, and every turn logs it. The step `mend` makes it failing. */
function plan({ scan, log }: ScanContext, schedule: DueSchedule, now: Date): Planned[] {
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
    return { ...limitPlan(plan, left, sessions), id, sessions };
  });
  const skipped = moves.flatMap((move) => move.skipped.map((stretch) => ({ scheduleId: move.id, ...stretch })));
  await insertSkippedSlots(tx, skipped, now);
  await moveSchedules(tx, moves, now);
  return { sessions: moves.reduce((sum, move) => sum + move.sessions, 0), skipped: skipped.length };
}

import type { Actor } from "../../platform/audit/record.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { createChange } from "../../platform/resource/change.ts";
import { lockSchedule } from "../../schedules/queries.ts";
import { recordSave, saveSchedule } from "../../schedules/save.ts";
import type { SchedulerContext } from "../context.ts";
import { firstId } from "./position.ts";
import { listWatermarks, mendWatermark, recordUnusable, recordUsable } from "./queries.ts";
import { findMend, type Mend, type WatermarkedSchedule } from "./watermark-mend.ts";

/** Schedules per turn: about 0.1 ms each, so 20,000 schedules are checked in five minutes. */
const maxSchedules = 1000;
/** Between two batches other work of the process has its turn. */
const batchSize = 200;

const actor: Actor = { subject: "scheduler", onBehalfOf: null, requestId: null };

type MendContext = Pick<SchedulerContext, "db" | "clock" | "log" | "metrics" | "mendPosition">;

/** Schedules of one turn. */
export interface MendSummary {
  /** Their watermark was wrong, and is right now. */
  readonly mended: number;
  /** Their instants cannot be computed. */
  readonly unusable: number;
}

/**
 * Checks the watermarks of schedules, a stretch of them each turn and then from the first again. A scan reads only schedules
 * that are due, so it never sees a watermark that lies too far ahead.
 */
export async function mend(context: MendContext, signal: AbortSignal): Promise<MendSummary> {
  const { db, mendPosition: position } = context;
  const sum = { mended: 0, unusable: 0 };
  for (let checked = 0; checked < maxSchedules && !signal.aborted; checked += batchSize) {
    const schedules = await listWatermarks(db, position.after, batchSize);
    for (const schedule of schedules) {
      const outcome = await check(context, schedule);
      if (outcome !== null) sum[outcome] += 1;
    }
    position.after = schedules.length < batchSize ? firstId : (schedules.at(-1)?.id ?? firstId);
    if (position.after === firstId) break;
  }
  return sum;
}

async function check(
  context: MendContext,
  schedule: WatermarkedSchedule & { readonly is_reported: boolean },
): Promise<keyof MendSummary | null> {
  const { db, clock } = context;
  if (!schedule.enable && schedule.disabled?.reason !== "over") return null;
  let needed: Mend | null;
  try {
    needed = findMend(schedule, clock.now());
  } catch (error) {
    await recordUnusable(db, schedule.id, toReason(error), clock.now());
    return "unusable";
  }
  if (schedule.is_reported) await recordUsable(db, schedule.id, clock.now());
  return needed !== null && (await apply(context, schedule, needed)) ? "mended" : null;
}

async function apply(context: MendContext, schedule: WatermarkedSchedule, needed: Mend): Promise<boolean> {
  const { db, log, metrics } = context;
  const isMended = needed === "enable" ? await enable(context, schedule) : await mendWatermark(db, schedule, needed.to);
  if (!isMended) return false;
  metrics.watermarksMended.inc();
  const { id, name, next_due_at: from } = schedule;
  const to = needed === "enable" ? "enabled" : needed.to;
  log.warn({ schedule_id: id, name, from, to }, "next_due_at was not the next instant of the trigger, and was mended");
  return true;
}

/** Decides again under the lock. */
function enable({ db, clock }: MendContext, { id, version }: WatermarkedSchedule): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    const before = await lockSchedule(tx, id);
    if (before === undefined || before.version !== version) return false;
    await saveSchedule(tx, before, { ...before, enable: true }, { now: clock.now(), actor, note: null });
    await recordSave(tx, createChange(actor), { id, action: "schedule.mend", before });
    return true;
  });
}

/** The last error of the schedule, for people. */
function toReason(error: unknown): string {
  return `The next instant cannot be computed: ${error instanceof Error ? error.message : String(error)}`;
}

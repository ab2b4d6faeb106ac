import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { ScheduleRow } from "../queries.ts";
import { listStretches } from "../watermark.ts";
import type { SkipReason, Slots } from "./model.ts";

type PastSlot = Slots["past"][number];

/** What became of past instants, newest first, at most `count` entries: sessions, and stretches that became none. */
export async function listPastSlots(
  db: Database,
  schedule: ScheduleRow,
  count: number,
  now: Date,
): Promise<PastSlot[]> {
  const sessions = await listSlotSessions(db, schedule.id, count);
  const recorded = await listSkippedSlots(db, schedule.id, count);
  // While a schedule is disabled, what it passes over stands in no row yet.
  const passing = listStretches(schedule, schedule.paused_from, now, "paused");
  const stretches = [
    ...passing,
    ...recorded.map(({ first_slot, last_slot, reason }) => ({ first: first_slot, last: last_slot, reason })),
  ];
  const entries = [
    ...sessions.map(({ slot, session_id, reason }) => ({
      at: slot,
      told: { slot: slot.toISOString(), session_id, reason } satisfies PastSlot,
    })),
    ...stretches.map((stretch) => ({ at: stretch.last, told: toPastSlot(stretch) })),
  ];
  return entries
    .sort((one, other) => other.at.getTime() - one.at.getTime())
    .slice(0, count)
    .map(({ told }) => told);
}

function toPastSlot({ first, last, reason }: { first: Date; last: Date; reason: string }): PastSlot {
  if (first.getTime() === last.getTime()) return { slot: first.toISOString(), session_id: null, reason };
  return { from: first.toISOString(), to: last.toISOString(), session_id: null, reason };
}

interface SlotSession {
  readonly slot: Date;
  readonly session_id: string;
  readonly reason: string | null;
}

/** Slots that became sessions, newest first. */
async function listSlotSessions(db: Database, scheduleId: string, limit: number): Promise<SlotSession[]> {
  const { rows } = await sql<SlotSession>`
    select slot, id as session_id, reason from ailbl_session
    where schedule_id = ${scheduleId} and cause = 'slot' order by slot desc limit ${limit}`.execute(db);
  return rows;
}

interface SkippedSlots {
  readonly first_slot: Date;
  readonly last_slot: Date;
  readonly reason: SkipReason;
}

/** Stretches that became none, newest first. */
function listSkippedSlots(db: Database, scheduleId: string, limit: number): Promise<SkippedSlots[]> {
  return db
    .selectFrom("ailbl_skipped_slots")
    .select(["first_slot", "last_slot", "reason"])
    .where("schedule_id", "=", scheduleId)
    .orderBy("last_slot", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

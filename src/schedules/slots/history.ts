import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { ScheduleRow } from "../queries.ts";
import { listStretches } from "../watermark.ts";
import type { Slots } from "./model.ts";
import type { SkippedStretch } from "./queries.ts";

type PastSlot = Slots["past"][number];

/** An entry with the instant that decides its place: of a stretch, the last. */
interface PlacedEntry {
  readonly at: Date;
  readonly entry: PastSlot;
}

/** The outcome of past slots, newest first, at most `count` entries: sessions, and stretches of slots that became none. */
export async function listPastSlots(
  db: Database,
  schedule: ScheduleRow,
  count: number,
  now: Date,
): Promise<PastSlot[]> {
  const sessions = await listSlotSessions(db, schedule.id, count);
  const recorded = await listSkippedSlots(db, schedule.id, count);
  // The slots that a disabled schedule passes over are recorded only when it is enabled again.
  const passing = listStretches(schedule, schedule.paused_from, now, "paused");
  return [...sessions.map(toSessionEntry), ...[...passing, ...recorded].map(toStretchEntry)]
    .sort((left, right) => right.at.getTime() - left.at.getTime())
    .slice(0, count)
    .map(({ entry }) => entry);
}

function toSessionEntry({ slot, session_id, reason }: SlotSession): PlacedEntry {
  return { at: slot, entry: { slot: slot.toISOString(), session_id, reason } };
}

function toStretchEntry({ first, last, reason }: SkippedStretch): PlacedEntry {
  const isSingle = first.getTime() === last.getTime();
  const times = isSingle ? { slot: first.toISOString() } : { from: first.toISOString(), to: last.toISOString() };
  return { at: last, entry: { ...times, session_id: null, reason } };
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

/** Stretches of slots that became no session, newest first. */
function listSkippedSlots(db: Database, scheduleId: string, limit: number): Promise<SkippedStretch[]> {
  return db
    .selectFrom("ailbl_skipped_slots")
    .select(["first_slot as first", "last_slot as last", "reason"])
    .where("schedule_id", "=", scheduleId)
    .orderBy("last_slot", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

import { sql } from "kysely";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import type { Policy } from "../../schedules/policy.ts";
import type { Timing } from "../../timing/model.ts";
import type { PlannedSlot } from "./plan.ts";

/** A schedule with a due instant, as scan plans it. */
export interface DueSchedule extends Timing {
  readonly id: string;
  readonly name: string;
  readonly kind: number;
  readonly owner: string;
  readonly engine: string;
  readonly policy: Policy;
  readonly next_due_at: Date;
  readonly slot_sessions: number;
}

/**
 * Locks due schedules, most overdue first. Schedules that another scanner has locked are skipped. NO KEY UPDATE, so that
 * transactions which insert rows that reference a schedule do not wait.
 */
export async function lockDueSchedules(tx: DatabaseTransaction, now: Date, limit: number): Promise<DueSchedule[]> {
  const { rows } = await sql<DueSchedule>`
    select id, name, kind, owner, engine, trigger, active, policy, next_due_at, slot_sessions from ailbl_schedule
    where next_due_at <= ${now} order by next_due_at, id limit ${limit}
    for no key update skip locked`.execute(tx);
  return rows;
}

interface NewSlotSession extends PlannedSlot {
  readonly id: string;
  readonly schedule: DueSchedule;
}

/**
 * Opens sessions. The unique key (schedule_id, slot) keeps a slot that has a session from getting a second one, however many
 * scanners overlap.
 *
 * @returns how many sessions are new, by schedule
 */
export async function insertSlotSessions(
  tx: DatabaseTransaction,
  sessions: readonly NewSlotSession[],
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  if (sessions.length === 0) return new Map();
  const schedules = sessions.map(({ schedule }) => schedule);
  const { rows } = await sql<{ schedule_id: string; sessions: number }>`
    with inserted as (
      insert into ailbl_session (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, max_runtime_seconds,
        slot, data_interval_start, run_after, cause, created, created_by)
      select v.id, v.schedule_id, v.schedule_name, v.kind, v.owner, v.engine, v.launch_timeout_seconds, v.max_runtime_seconds,
        v.slot, v.data_interval_start, v.run_after, 'slot', ${now}::timestamptz, 'scheduler'
      from unnest(${sessions.map(({ id }) => id)}::uuid[], ${schedules.map(({ id }) => id)}::uuid[],
        ${schedules.map(({ name }) => name)}::text[], ${schedules.map(({ kind }) => kind)}::smallint[],
        ${schedules.map(({ owner }) => owner)}::text[], ${schedules.map(({ engine }) => engine)}::text[],
        ${schedules.map(({ policy }) => policy.launch_timeout_seconds)}::integer[],
        ${schedules.map(({ policy }) => policy.max_runtime_seconds)}::integer[],
        ${sessions.map(({ slot }) => slot.toISOString())}::timestamptz[],
        ${sessions.map(({ dataIntervalStart }) => dataIntervalStart.toISOString())}::timestamptz[],
        ${sessions.map(({ runAfter }) => runAfter.toISOString())}::timestamptz[])
        as v (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, max_runtime_seconds, slot,
          data_interval_start, run_after)
      on conflict (schedule_id, slot) where cause = 'slot' do nothing
      returning schedule_id
    ), of_schedule as (
      select schedule_id, count(*)::integer as sessions from inserted group by schedule_id
    ), locked as (
      -- In the order of sessions/ends.ts, which counts in the same rows.
      select schedule_id from ailbl_schedule_stats where schedule_id in (select schedule_id from of_schedule)
      order by schedule_id for no key update
    ), counted as (
      update ailbl_schedule_stats as s set sessions = s.sessions + i.sessions, changed = ${now}::timestamptz
      from of_schedule as i join locked using (schedule_id) where s.schedule_id = i.schedule_id
    )
    select schedule_id, sessions from of_schedule`.execute(tx);
  return new Map(rows.map(({ schedule_id, sessions }) => [schedule_id, sessions]));
}

interface ScheduleMove {
  readonly id: string;
  readonly lastSlot: Date;
  readonly nextDueAt: Date | null;
  /** New sessions. Counted in the row that the scan has locked, so that `max_sessions` is exact however many processes scan. */
  readonly sessions: number;
}

/** Stores the watermarks after a scan. Null is stored as `infinity`: the schedule is never due again. */
export async function moveSchedules(tx: DatabaseTransaction, moves: readonly ScheduleMove[], now: Date): Promise<void> {
  // As text: postgres.js would turn each element into a Date, which knows no infinity.
  await sql`update ailbl_schedule as s
    set last_slot = v.last_slot, next_due_at = v.next_due_at, scanned = ${now}::timestamptz,
      slot_sessions = s.slot_sessions + v.sessions
    from unnest(${moves.map(({ id }) => id)}::uuid[],
      ${moves.map(({ lastSlot }) => lastSlot.toISOString())}::timestamptz[],
      ${moves.map(({ nextDueAt }) => nextDueAt?.toISOString() ?? "infinity")}::text[]::timestamptz[],
      ${moves.map(({ sessions }) => sessions)}::integer[])
      as v (id, last_slot, next_due_at, sessions)
    where s.id = v.id`.execute(tx);
}

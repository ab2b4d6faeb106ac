import { sql } from "kysely";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { ScheduleRow } from "../schedules/queries.ts";

/** A slot for which a session is opened. */
export interface NewBackfillSession {
  readonly id: string;
  readonly slot: Date;
  readonly dataIntervalStart: Date;
}

interface OpenOptions {
  readonly backfillId: string;
  readonly schedule: ScheduleRow;
  readonly now: Date;
  readonly createdBy: string;
}

/**
 * Inserts sessions that are due at once. Pass them oldest slot first with ascending ids: pick claims sessions that are due at the same
 * time by id. The unique index (backfill_id, slot) prevents a second session of a slot.
 *
 * @returns the number of new sessions
 */
export async function insertBackfillSessions(
  tx: DatabaseTransaction,
  sessions: readonly NewBackfillSession[],
  { backfillId, schedule, now, createdBy }: OpenOptions,
): Promise<number> {
  if (sessions.length === 0) return 0;
  const { policy } = schedule;
  const { rows } = await sql<{ sessions: number }>`
    with inserted as (
      insert into ailbl_session (id, schedule_id, schedule_name, kind, owner, engine, launch_timeout_seconds, max_runtime_seconds,
        slot, data_interval_start, run_after, cause, backfill_id, created, created_by)
      select v.id, ${schedule.id}, ${schedule.name}, ${schedule.kind}::smallint, ${schedule.owner}, ${schedule.engine},
        ${policy.launch_timeout_seconds}::integer, ${policy.max_runtime_seconds}::integer,
        v.slot, v.data_interval_start, ${now}::timestamptz, 'backfill', ${backfillId}, ${now}::timestamptz, ${createdBy}
      from unnest(${sessions.map(({ id }) => id)}::uuid[],
        ${sessions.map(({ slot }) => slot.toISOString())}::timestamptz[],
        ${sessions.map(({ dataIntervalStart }) => dataIntervalStart.toISOString())}::timestamptz[])
        as v (id, slot, data_interval_start)
      on conflict (backfill_id, slot) where cause = 'backfill' do nothing
      returning 1
    ), counted as (
      update ailbl_schedule_stats set sessions = sessions + (select count(*) from inserted), changed = ${now}::timestamptz
      where schedule_id = ${schedule.id}
    )
    select count(*) as sessions from inserted`.execute(tx);
  return rows[0]?.sessions ?? 0;
}

/** Prevents that the schedule is deleted before the transaction ends, and blocks nothing else. */
export async function keepSchedule(tx: DatabaseTransaction, id: string): Promise<void> {
  await sql`select from ailbl_schedule where id = ${id} for key share`.execute(tx);
}

import { sql } from "kysely";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { SessionError } from "./model.ts";
import type { EndState } from "./states.ts";
import type { SessionTable } from "./tables.ts";

/** A session that has ended for good, as the counters of its schedule see it. */
export interface CountedEnd {
  readonly scheduleId: string;
  readonly cause: SessionTable["cause"];
  readonly state: Exclude<EndState, "skipped">;
  readonly endedAt: Date;
  readonly error: SessionError | null;
}

/** The change of one schedule's counters by a batch of ends. */
interface Counters {
  readonly succeeded: number;
  readonly failed: number;
  /** Failures since the last success of the batch. */
  readonly failedSince: number;
  /** Whether the batch has a success, which resets the failures in a row. */
  readonly hasSucceeded: boolean;
  readonly lastError: SessionError | null;
}

const unchanged: Counters = { succeeded: 0, failed: 0, failedSince: 0, hasSucceeded: false, lastError: null };

/**
 * Adds ends to the counters of their schedules (`ailbl_schedule_stats`), in the order in which the sessions ended. Locks the rows in
 * the order of the schedules' ids, so that two callers with the same schedules do not deadlock.
 */
export async function countEnds(tx: DatabaseTransaction, ends: readonly CountedEnd[], now: Date): Promise<void> {
  const counters = toCounters(ends);
  if (counters.size === 0) return;
  const rows = [...counters.values()];
  await sql`
    with change as (
      select * from unnest(${[...counters.keys()]}::uuid[], ${rows.map(({ succeeded }) => succeeded)}::integer[],
        ${rows.map(({ failed }) => failed)}::integer[], ${rows.map(({ failedSince }) => failedSince)}::integer[],
        ${rows.map(({ hasSucceeded }) => String(hasSucceeded))}::text[]::boolean[],
        ${rows.map(({ lastError }) => (lastError === null ? null : JSON.stringify(lastError)))}::text[]::jsonb[])
        as w (schedule_id, succeeded, failed, failed_since, has_succeeded, last_error)
    ), locked as (
      select schedule_id from ailbl_schedule_stats where schedule_id in (select schedule_id from change)
      order by schedule_id for no key update
    )
    update ailbl_schedule_stats as s
    set succeeded = s.succeeded + w.succeeded, failed = s.failed + w.failed,
      consecutive_failures = case when w.has_succeeded then 0 else s.consecutive_failures end + w.failed_since,
      last_error = coalesce(w.last_error, s.last_error), changed = ${now}::timestamptz
    from change as w join locked using (schedule_id) where s.schedule_id = w.schedule_id`.execute(tx);
}

function toCounters(ends: readonly CountedEnd[]): ReadonlyMap<string, Counters> {
  const counters = new Map<string, Counters>();
  for (const end of ends.toSorted((left, right) => Number(left.endedAt) - Number(right.endedAt))) {
    counters.set(end.scheduleId, count(counters.get(end.scheduleId) ?? unchanged, end));
  }
  return counters;
}

/**
 * Counts one end. A canceled session says nothing about the job and counts neither way. A backfill runs past slots, so it changes the
 * totals, and not the failures in a row by which a schedule is disabled.
 */
function count(counters: Counters, { cause, state, error }: CountedEnd): Counters {
  const isInRow = cause !== "backfill";
  switch (state) {
    case "succeeded":
      return {
        ...counters,
        succeeded: counters.succeeded + 1,
        ...(isInRow ? { failedSince: 0, hasSucceeded: true } : {}),
      };
    case "failed":
      return {
        ...counters,
        failed: counters.failed + 1,
        failedSince: counters.failedSince + (isInRow ? 1 : 0),
        lastError: error,
      };
    case "canceled":
      return counters;
    default:
      return state satisfies never;
  }
}

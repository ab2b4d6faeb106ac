import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { Policy } from "../src/schedules/policy.ts";
import { fillSchedules } from "./fill-schedules.ts";
import { fillSessions } from "./fill-sessions.ts";

export const sessionTables = [
  "ailbl_schedule",
  "ailbl_schedule_stats",
  "ailbl_session",
  "ailbl_open_session",
  "ailbl_session_event",
  "ailbl_session_detail",
  "eom_event",
] as const;

/**
 * Leaves nothing else in the scheduler's tables: each session has a schedule of its own, with the default policies. `warm` are
 * due at once, `waiting` not before {@link releaseSessions}.
 */
export async function fillTimedSessions(db: Database, warm: number, waiting: number): Promise<void> {
  const job = { location: null, repository: null, name: "noop" };
  await fillSessions(db, { schedules: warm + waiting, each: 1, owners: 10, overlap: "skip", engine: "noop", job });
  await sql`
    with numbered as (select id, row_number() over (order by id) as n from ailbl_session)
    update ailbl_session as s set run_after = 'infinity' from numbered
    where numbered.id = s.id and n > ${warm}::integer`.execute(db);
  // As the scan would have left them: without what the change of times left behind.
  await sql`vacuum (full, analyze) ailbl_session`.execute(db);
  await sql`vacuum (full, analyze) ailbl_open_session`.execute(db);
}

/** Those that wait are due from now on, at whole seconds, so many at a time. */
export async function releaseSessions(db: Database, eachSecond: number): Promise<void> {
  await sql`
    with numbered as (
      select id, row_number() over (order by id) - 1 as n from ailbl_session where run_after = 'infinity')
    update ailbl_session as s
    set run_after = date_trunc('second', now()) + (2 + n / ${eachSecond}::integer) * interval '1 second'
    from numbered where numbered.id = s.id`.execute(db);
}

interface DueSchedules {
  readonly count: number;
  /** They fire each minute, first at this one. */
  readonly at: Date;
  readonly policy: Partial<Policy>;
}

/** Leaves nothing else in the scheduler's tables; their sessions are for the engine `noop`. */
export async function fillDueSchedules(db: Database, url: string, { count, at, policy }: DueSchedules): Promise<void> {
  await emptyScheduler(db);
  await fillSchedules(url, { count, due: count, at: at.toISOString() });
  await sql`update ailbl_schedule set engine = 'noop', policy = policy || ${JSON.stringify(policy)}::text::jsonb`.execute(
    db,
  );
  await sql`vacuum (full, analyze) ailbl_schedule`.execute(db);
}

/** No schedules, no sessions. */
export async function emptyScheduler(db: Database): Promise<void> {
  await sql`truncate ailbl_session, ailbl_session_detail, ailbl_session_event, eom_event, ailbl_schedule cascade`.execute(
    db,
  );
}

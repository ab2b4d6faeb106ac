import { sql } from "kysely";
import { toDeltaText } from "../clock.ts";
import type { Database } from "../database/tables.ts";
import { type Concerns, maxConcerns, toConcerns } from "../resource/concerns.ts";

/** A process repeats its report at every comparison, each second while it scans; then it has ended, or cannot reach the database. */
const reportedSeconds = 60;

interface ClockReport {
  readonly process: string;
  readonly aheadSeconds: number;
  /** By the shared time, as in all functions here. */
  readonly now: Date;
}

/** Reports that the clock of a process is off, or repeats it. The first report keeps its time. */
export async function reportClock(db: Database, { process, aheadSeconds, now }: ClockReport): Promise<void> {
  await sql`insert into eom_clock_report as r (process, ahead_seconds, since, seen)
    values (${process}, ${aheadSeconds}, ${now}, ${now})
    on conflict (process) do update set ahead_seconds = excluded.ahead_seconds, seen = excluded.seen,
      since = case when ${isRecent(now)} then r.since else excluded.since end`.execute(db);
}

/** Withdraws the report of a process, and those of processes that ended with a wrong clock. */
export async function withdrawClockReport(db: Database, process: string, now: Date): Promise<void> {
  await sql`delete from eom_clock_report as r where r.process = ${process} or not ${isRecent(now)}`.execute(db);
}

interface ReportRow {
  readonly process: string;
  readonly ahead_seconds: number;
  readonly since: Date;
  readonly total: number;
}

/** Processes whose clock is off now. */
export async function findWrongClocks(db: Database, now: Date): Promise<Concerns> {
  const { rows } = await sql<ReportRow>`
    select r.process, r.ahead_seconds, r.since, count(*) over ()::integer as total from eom_clock_report as r
    where ${isRecent(now)} order by r.since, r.process limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ process, ahead_seconds, since }) => ({
    id: process,
    name: process,
    why: `Its clock is ${toDeltaText(ahead_seconds)}: it neither scans nor sweeps until the clock is set right`,
    since,
  }));
}

/** In both directions: the report may have been written by a clock that was believed then. */
function isRecent(now: Date) {
  return sql<boolean>`abs(extract(epoch from ${now}::timestamptz - r.seen)) < ${reportedSeconds}`;
}

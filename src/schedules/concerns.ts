import { sql } from "kysely";
import { checkInTime } from "../engines/check-in-time.ts";
import type { Engines } from "../engines/registry.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, mostConcerns, mostCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { SessionState } from "../sessions/states.ts";
import type {} from "../sessions/tables.ts";
import type { Disabled, SessionError } from "./model.ts";

/** After so long, nothing that waits for a worker or for an engine's answer is likely to come by itself. */
const patienceSeconds = 15 * 60;

interface FailingRow {
  readonly id: string;
  readonly name: string;
  readonly since: Date | null;
  readonly consecutive_failures: number;
  readonly last_error: SessionError | null;
  readonly disabled: Disabled | null;
  readonly total: number;
}

/** Enabled and failing since `changed`, the last one's end; or disabled for it. Both by their own index. */
export async function findFailingSchedules(db: Database): Promise<Concerns> {
  const { rows } = await sql<FailingRow>`
    with found as materialized (
      (select s.id, s.name, c.changed as since, c.consecutive_failures, c.last_error, s.disabled
        from ailbl_schedule_stats as c join ailbl_schedule as s on s.id = c.schedule_id
        where c.consecutive_failures > 0 and s.enable limit ${mostCounted})
      union all
      (select s.id, s.name, (s.disabled ->> 'at')::timestamptz as since, c.consecutive_failures, c.last_error, s.disabled
        from ailbl_schedule as s join ailbl_schedule_stats as c on c.schedule_id = s.id
        where not s.enable and s.disabled ->> 'reason' = 'failing' limit ${mostCounted}))
    select found.*, least((select count(*) from found), ${mostCounted}) as total
    from found order by since, id limit ${mostConcerns}`.execute(db);
  return toConcerns(rows, (row) => ({ id: row.id, name: row.name, why: toFailingSentence(row), since: row.since }));
}

function toFailingSentence({ consecutive_failures: failures, last_error, disabled }: FailingRow): string {
  if (disabled !== null) return `Disabled for failing${disabled.note === null ? "" : `: ${disabled.note}`}`;
  const last = last_error === null ? "" : `: ${last_error.message}`;
  return `${failures} ${failures === 1 ? "failure" : "failures in a row"}${last}`;
}

interface StuckRow {
  readonly id: string;
  readonly name: string;
  readonly since: Date | null;
  readonly state: SessionState;
  readonly total: number;
}

/** Sessions that should have gone on long ago. */
export async function findStuckSessions({ db, clock }: { db: Database; clock: Clock }): Promise<Concerns> {
  const before = new Date(clock.now().getTime() - patienceSeconds * 1000);
  const open = sql`ailbl_open_session as o join ailbl_session as s on s.id = o.session_id`;
  const { rows } = await sql<StuckRow>`
    with found as materialized (
      (select s.id, s.schedule_name as name, s.run_after as since, s.state from ${open}
        where o.phase in ('waiting', 'retrying') and not o.queued and o.run_after < ${before} limit ${mostCounted})
      union all
      (select s.id, s.schedule_name, s.picked, s.state from ${open}
        where o.phase = 'active' and s.state in ('claimed', 'unknown') and s.picked < ${before} limit ${mostCounted})
      union all
      (select s.id, s.schedule_name, s.stop_requested, s.state from ${open}
        where o.phase = 'active' and s.state = 'running' and s.stop_requested < ${before} limit ${mostCounted}))
    select found.*, least((select count(*) from found), ${mostCounted}) as total
    from found order by since, id limit ${mostConcerns}`.execute(db);
  return toConcerns(rows, ({ id, name, state, since }) => {
    const why = stuckSentences[state] ?? `It is ${state}`;
    return { id, name, why, since };
  });
}

const stuckSentences: Readonly<Partial<Record<SessionState, string>>> = {
  pending: "It is due and no worker has taken it: look whether one runs, and whether the engine is full",
  retry_wait:
    "Its next attempt is due and no worker has taken it: look whether one runs, and whether the engine is full",
  claimed: "A worker has claimed it and has not launched it",
  unknown: "The engine gave no clear answer to its launch, and its run has not been found",
  running: "It was asked to end, and its run goes on",
};

/** Those that do not work, and those that enabled schedules name and this deployment does not have. */
export async function findFailingEngines(db: Database, engines: Engines): Promise<Concerns> {
  // Within the time that the overview gives to each part.
  const checks = await Promise.all(engines.all.map((engine) => checkInTime(engine, 2)));
  const failing = engines.all.flatMap(({ name }, index) => {
    const check = checks[index];
    return check?.state === "failing" ? [{ id: name, name, why: check.detail, since: null }] : [];
  });
  const missing = (await listMissingEngines(db, engines)).map((name) => ({
    id: name,
    name,
    why: "Enabled schedules name it, and this deployment has no engine of that name: their sessions wait",
    since: null,
  }));
  const items = [...failing, ...missing];
  return { total: items.length, items: items.slice(0, mostConcerns) };
}

/** How long ago the slot was due that waits longest to be opened; 0 when none does. */
export async function findOverdueSeconds(db: Database): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from now() - next_due_at)::float8 as seconds from ailbl_schedule
    where next_due_at <= now() order by next_due_at limit 1`.execute(db);
  return rows[0]?.seconds ?? 0;
}

/** A loose index scan, from name to name: its cost follows the engines, not the schedules. */
export async function listMissingEngines(db: Database, { all }: Engines): Promise<string[]> {
  const { rows } = await sql<{ engine: string }>`
    with recursive named (engine) as (
      (select engine from ailbl_schedule where enable order by engine limit 1)
      union all
      select (select s.engine from ailbl_schedule as s where s.enable and s.engine > n.engine order by s.engine limit 1)
      from named as n where n.engine is not null
    )
    select engine from named where engine is not null and engine <> all(${all.map(({ name }) => name)}::text[])`.execute(
    db,
  );
  return rows.map(({ engine }) => engine);
}

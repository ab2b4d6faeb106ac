import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";
import { isEnded, isLeased, nextStates, type SessionState } from "../../src/sessions/states.ts";

interface Step {
  readonly from_state: SessionState;
  readonly to_state: SessionState;
  readonly attempt: number;
}

interface SettledSession {
  readonly id: string;
  readonly state: SessionState;
  readonly attempt: number;
  readonly lease_owner: string | null;
  readonly steps: readonly Step[] | null;
  readonly told: readonly string[] | null;
}

/**
 * Every session has ended, by lawful steps without a gap, and its end was told once.
 *
 * @returns what is wrong, in words
 */
export async function listSessionFaults(db: Database): Promise<string[]> {
  const { rows } = await sql<SettledSession>`
    with steps as (
      select session_id, jsonb_agg(jsonb_build_object('from_state', from_state, 'to_state', to_state, 'attempt', attempt) order by id) as steps
      from ailbl_session_event group by session_id
    ), told as (
      select object_id, jsonb_agg(type) as told from eom_event where kind = 'session' group by object_id
    )
    select s.id, s.state, s.attempt, s.lease_owner, steps.steps, told.told
    from ailbl_session as s left join steps on steps.session_id = s.id left join told on told.object_id = s.id::text`.execute(
    db,
  );
  return rows.flatMap((session) => listFaultsOf(session).map((fault) => `session ${session.id}: ${fault}`));
}

function listFaultsOf({ state, attempt, lease_owner, steps, told }: SettledSession): string[] {
  const faults: string[] = [];
  if (!isEnded(state)) faults.push(`is still ${state}`);
  if (lease_owner !== null) faults.push("is still leased");
  let at: { state: SessionState; attempt: number } = { state: "pending", attempt: 1 };
  for (const step of steps ?? []) {
    const isNext = step.from_state === "retry_wait" && step.to_state === "claimed";
    if (step.from_state !== at.state) faults.push(`went on from ${step.from_state} and was ${at.state}`);
    if (!isLawful(step)) faults.push(`went from ${step.from_state} to ${step.to_state}`);
    if (step.attempt !== at.attempt + (isNext ? 1 : 0)) faults.push(`took attempt ${step.attempt} after ${at.attempt}`);
    at = { state: step.to_state, attempt: step.attempt };
  }
  if (at.state !== state || at.attempt !== attempt) faults.push(`is ${state} and its history ends with ${at.state}`);
  return [...faults, ...listTold(state, told ?? [])];
}

/** One that a worker holds may stay as it is and have another holder, or be asked to end. */
function isLawful({ from_state: from, to_state: to }: Step): boolean {
  return (from === to && isLeased(from)) || (nextStates[from] as readonly SessionState[]).includes(to);
}

/** What ended before anybody claimed it may be told or not. */
function listTold(state: SessionState, told: readonly string[]): string[] {
  const isQuiet = (state === "skipped" || state === "canceled") && told.length === 0;
  return isQuiet || told.length === 1 ? [] : [`was told ${told.length} times: ${told.join(", ")}`];
}

/** The counters of the schedules against a recount. @returns what is wrong, in words */
export async function listCounterFaults(db: Database): Promise<string[]> {
  const { rows } = await sql<{ id: string; kept: object; counted: object }>`
    select c.schedule_id as id, jsonb_build_array(c.sessions, c.succeeded, c.failed) as kept,
      (select jsonb_build_array(count(*), count(*) filter (where s.state = 'succeeded'), count(*) filter (where s.state = 'failed'))
        from ailbl_session as s where s.schedule_id = c.schedule_id) as counted
    from ailbl_schedule_stats as c`.execute(db);
  return rows
    .filter(({ kept, counted }) => JSON.stringify(kept) !== JSON.stringify(counted))
    .map(({ id, kept, counted }) => `${id}: counts ${JSON.stringify(kept)}, and there are ${JSON.stringify(counted)}`);
}

/** Schedules of which two slots are under way at once, though their policy forbids it. */
export async function listOverlapping(db: Database): Promise<string[]> {
  const { rows } = await sql<{ told: string }>`
    select s.schedule_id || ': under way at once: ' || string_agg(s.slot::text || ' ' || s.state, ', ') as told
    from ailbl_session as s join ailbl_schedule as c on c.id = s.schedule_id
    where s.cause = 'slot' and s.phase in ('active', 'retrying') and c.policy ->> 'overlap' <> 'allow'
    group by s.schedule_id having count(*) > 1`.execute(db);
  return rows.map(({ told }) => told);
}

/** What the narrow table of open sessions has and should not, or should have and has not. */
export async function listOpenFaults(db: Database): Promise<unknown[]> {
  const { rows } = await sql`
    with kept as (
      select session_id as id, schedule_id, backfill_id, engine, owner, phase, queued, run_after, lease_owner from ailbl_open_session
    ), wanted as (
      select id, schedule_id, backfill_id, engine, owner, phase, queued, run_after, lease_owner from ailbl_session
      where ended is null
    )
    (select 'too much' as fault, * from (table kept except table wanted) as k)
    union all
    (select 'missing', * from (table wanted except table kept) as w)`.execute(db);
  return rows;
}

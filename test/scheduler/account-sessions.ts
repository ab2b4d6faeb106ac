import { sql } from "kysely";
import type { Database } from "../../src/platform/database/tables.ts";
import { isEnded, isLeased, nextStates, type SessionState } from "../../src/sessions/states.ts";

interface Step {
  readonly from_state: SessionState;
  readonly to_state: SessionState;
  readonly attempt: number;
}

interface EndedSession {
  readonly id: string;
  readonly state: SessionState;
  readonly attempt: number;
  readonly lease_owner: string | null;
  readonly steps: readonly Step[] | null;
  /** Types of its events, such as `session.failed`. */
  readonly events: readonly string[] | null;
}

/**
 * Checks that every session has ended, that its history has only allowed steps without a gap, and that it has one event.
 *
 * @returns one sentence per fault
 */
export async function listSessionFaults(db: Database): Promise<string[]> {
  const { rows } = await sql<EndedSession>`
    with steps as (
      select session_id, jsonb_agg(jsonb_build_object('from_state', from_state, 'to_state', to_state, 'attempt', attempt) order by id) as steps
      from ailbl_session_event group by session_id
    ), events as (
      select object_id, jsonb_agg(type) as events from eom_event where kind = 'session' group by object_id
    )
    select s.id, s.state, s.attempt, s.lease_owner, steps.steps, events.events
    from ailbl_session as s left join steps on steps.session_id = s.id left join events on events.object_id = s.id::text`.execute(
    db,
  );
  return rows.flatMap((session) => listFaultsOf(session).map((fault) => `session ${session.id}: ${fault}`));
}

function listFaultsOf({ state, attempt, lease_owner, steps, events }: EndedSession): string[] {
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
  return [...faults, ...listEventFaults(state, events ?? [])];
}

/** A leased session may also keep its state: when another worker takes it over, or when a caller asks to cancel it. */
function isLawful({ from_state: from, to_state: to }: Step): boolean {
  return (from === to && isLeased(from)) || (nextStates[from] as readonly SessionState[]).includes(to);
}

/** A session has one event. A session that ended before it was claimed may have none. */
function listEventFaults(state: SessionState, events: readonly string[]): string[] {
  const isQuiet = (state === "skipped" || state === "canceled") && events.length === 0;
  return isQuiet || events.length === 1 ? [] : [`has ${events.length} events: ${events.join(", ")}`];
}

/** Compares the counters of the schedules with a recount. @returns one sentence per fault */
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

/** Lists schedules with two slots under way at once that do not have overlap `allow`. */
export async function listOverlapping(db: Database): Promise<string[]> {
  const { rows } = await sql<{ fault: string }>`
    select s.schedule_id || ': under way at once: ' || string_agg(s.slot::text || ' ' || s.state, ', ') as fault
    from ailbl_session as s join ailbl_schedule as c on c.id = s.schedule_id
    where s.cause = 'slot' and s.phase in ('active', 'retrying') and c.policy ->> 'overlap' <> 'allow'
    group by s.schedule_id having count(*) > 1`.execute(db);
  return rows.map(({ fault }) => fault);
}

/** Compares ailbl_open_session, the narrow index of open sessions, with ailbl_session. @returns each row that differs */
export async function listOpenFaults(db: Database): Promise<unknown[]> {
  const { rows } = await sql`
    with kept as (
      select session_id as id, schedule_id, backfill_id, engine, owner, class, phase, queued, run_after, lease_owner from ailbl_open_session
    ), expected as (
      select id, schedule_id, backfill_id, engine, owner, class, phase, queued, run_after, lease_owner from ailbl_session
      where ended is null
    )
    (select 'too much' as fault, * from (table kept except table expected) as k)
    union all
    (select 'missing', * from (table expected except table kept) as w)`.execute(db);
  return rows;
}

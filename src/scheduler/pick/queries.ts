import { sql } from "kysely";
import type { Job } from "../../engines/job.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import type { Policy } from "../../schedules/policy.ts";
import type { Candidate, Occupied } from "./overlap.ts";
import type { Places } from "./room.ts";

/**
 * Locks due sessions of an engine: by class, and within a class one of each owner in turn, so that an owner with a thousand sessions
 * does not delay an owner with a single session. Leaves out sessions for which the engine has no place now ({@link toPlaces}), so that
 * they do not hide sessions behind them.
 *
 * `line` walks the index from each owner's class to the next (a loose index scan, for which PostgreSQL has no plan node), with the
 * time of its first session. `queued` takes the first sessions of each: twice its share of the limit. So the cost follows the number
 * of owners and the limit, not the length of the queue. `locked` locks each session by its key: in a join the planner may lock more
 * rows than LIMIT returns, or read the whole table, since it expects a limit to let a tenth of the rows through.
 */
export async function lockCandidates(
  tx: DatabaseTransaction,
  engine: string,
  now: Date,
  { limit, places: { total, leaseOwner, reserves } }: { readonly limit: number; readonly places: Places },
): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    with recursive line (owner, class, run_after) as (
      (select owner, class, run_after from ailbl_open_session
        where engine = ${engine} and phase in ('waiting', 'retrying') and not queued
        order by owner, class, run_after limit 1)
      union all
      select next.owner, next.class, next.run_after from line cross join lateral (
        select s.owner, s.class, s.run_after from ailbl_open_session as s
        where s.engine = ${engine} and s.phase in ('waiting', 'retrying') and not s.queued
          and (s.owner, s.class) > (line.owner, line.class)
        order by s.owner, s.class, s.run_after limit 1) as next
    ), running as materialized (
      select owner from ailbl_open_session
      where engine = ${engine} and phase = 'active' and (${leaseOwner}::text is null or lease_owner = ${leaseOwner})
    ), due as materialized (
      -- Twice the owner's share: the rest waits for the next turn.
      select owner, class, greatest(10, ceil(2.0 * ${limit} / count(*) over (partition by class)))::bigint as share
      from line where run_after <= ${now} and (${total}::integer is null
        or ${total}::integer - (select count(*) from running)
          > (${reserves}::integer[])[1 + 2 * (class > 0)::integer + (owner in (select owner from running))::integer])
    ), queued as materialized (
      select q.id, q.run_after, due.class, due.share,
        row_number() over (partition by due.owner, due.class order by q.run_after, q.id) as turn
      from due cross join lateral (
        select s.session_id as id, s.run_after from ailbl_open_session as s
        where s.engine = ${engine} and s.phase in ('waiting', 'retrying') and not s.queued and s.owner = due.owner
          and s.class = due.class and s.run_after <= ${now}
        order by s.run_after, s.session_id limit due.share) as q
    ), chosen as materialized (
      select id, class, turn, run_after from queued
      -- An owner with more than its share has further sessions of the class: they start before those of later classes.
      where class <= coalesce((select min(class) from queued where turn = share), class)
      order by class, turn, run_after, id limit ${limit}
    )
    select locked.* from chosen cross join lateral (
      select s.id, s.schedule_id, s.owner, s.class, s.lease_token, s.cause, s.slot, s.state, s.attempt from ailbl_session as s
      where s.id = chosen.id and s.state in ('pending', 'retry_wait') and not s.queued
      for update skip locked
    ) as locked
    order by chosen.class, chosen.turn, chosen.run_after, chosen.id`.execute(tx);
  return rows;
}

/**
 * Counts the runs that each owner has in an engine, launches under way included. Exact in a statement of its own, while the lock of
 * the engine's bucket ({@link takeLaunches}) prevents that other processes claim sessions.
 */
export async function countRuns(
  tx: DatabaseTransaction,
  engine: string,
  { leaseOwner }: Places,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ owner: string; runs: number }>`
    select owner, count(*)::integer as runs from ailbl_open_session
    where engine = ${engine} and phase = 'active' and (${leaseOwner}::text is null or lease_owner = ${leaseOwner})
    group by owner`.execute(tx);
  return new Map(rows.map(({ owner, runs }) => [owner, runs]));
}

/** A schedule as pick and launch need it. */
export interface PickedSchedule {
  readonly id: string;
  readonly engine: string;
  readonly job: Job;
  readonly params: Record<string, unknown>;
  readonly policy: Policy;
}

/**
 * Locks the schedules that the candidates belong to, so that no other picker claims a session of theirs meanwhile. Schedules
 * that another picker has locked are left out; their sessions wait for the next turn.
 */
export async function lockPickedSchedules(tx: DatabaseTransaction, ids: readonly string[]): Promise<PickedSchedule[]> {
  const { rows } = await sql<PickedSchedule>`
    select id, engine, job, params, policy from ailbl_schedule where id = any(${ids}::uuid[])
    order by id for no key update skip locked`.execute(tx);
  return rows;
}

/** The schedules among `ids` that no longer exist, as opposed to schedules that another picker has locked. */
export async function listDeletedSchedules(tx: DatabaseTransaction, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select w.id from unnest(${ids}::uuid[]) as w (id)
    where not exists (select from ailbl_schedule as s where s.id = w.id)`.execute(tx);
  return rows.map(({ id }) => id);
}

/**
 * Sessions that these schedules have under way, backfills aside, and sessions that wait for them. Read in a statement of its own
 * after the schedules are locked: it must see what the last holder of the lock committed.
 */
export async function listOccupied(tx: DatabaseTransaction, ids: readonly string[]): Promise<Occupied[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<Occupied>`
    select s.id, s.schedule_id, s.cause, s.slot, s.lease_token, s.state, s.picked, s.queued and s.phase = 'waiting' as queued
    from ailbl_open_session as o join ailbl_session as s on s.id = o.session_id
    where o.schedule_id = any(${ids}::uuid[]) and (o.phase in ('active', 'retrying') and s.cause <> 'backfill'
      or o.phase = 'waiting' and o.queued)`.execute(tx);
  return rows;
}

/**
 * Moves sessions to the engine that their schedule names now. The traces of an earlier attempt in the previous engine mean
 * nothing in the new engine and are removed.
 */
export async function rerouteSessions(
  tx: DatabaseTransaction,
  sessions: readonly { readonly id: string; readonly engine: string }[],
): Promise<void> {
  if (sessions.length === 0) return;
  await sql`update ailbl_session as s set engine = w.engine, version = version + 1, run_id = null, run_status = null,
      launch_started = null, not_ready_since = null
    from unnest(${sessions.map(({ id }) => id)}::uuid[], ${sessions.map(({ engine }) => engine)}::text[]) as w (id, engine)
    where s.id = w.id and s.state in ('pending', 'retry_wait')`.execute(tx);
}

/** Queues sessions until nothing else of their schedule is under way (see {@link releaseQueued}). */
export async function queueSessions(tx: DatabaseTransaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`update ailbl_session set queued = true, version = version + 1
    where id = any(${ids}::uuid[]) and state = 'pending'`.execute(tx);
}

/**
 * Releases queued sessions whose schedule has nothing under way any more. Called at every turn rather than where a session ends:
 * there, two transactions could each miss what the other has not committed yet.
 */
export async function releaseQueued(db: Database): Promise<void> {
  await sql`update ailbl_session as q set queued = false, version = version + 1
    where q.id in (select session_id from ailbl_open_session where queued) and q.queued and q.phase = 'waiting' and not exists (
      select from ailbl_open_session as o join ailbl_session as a on a.id = o.session_id
      where o.schedule_id = q.schedule_id and o.phase in ('active', 'retrying') and a.cause <> 'backfill')`.execute(db);
}

/** A session under a new lease of this process. */
export interface ClaimedSession {
  readonly id: string;
  readonly lease_token: number;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly kind: number;
  readonly attempt: number;
  readonly slot: Date;
  readonly data_interval_start: Date;
  readonly created: Date;
  readonly not_ready_since: Date | null;
  /** An earlier launch of the attempt had no clear answer, so its run may exist by now. */
  readonly is_doubtful: boolean;
}

interface ClaimOptions {
  readonly now: Date;
  readonly owner: string;
  readonly leaseSeconds: number;
}

/**
 * Leases sessions to this process and starts their next attempt.
 *
 * @returns the sessions that were still in the state that the candidate had
 */
export async function claimSessions(
  tx: DatabaseTransaction,
  sessions: readonly Candidate[],
  { now, owner, leaseSeconds }: ClaimOptions,
): Promise<ClaimedSession[]> {
  const { rows } = await sql<ClaimedSession>`
    with candidate as (
      select * from unnest(${sessions.map(({ id }) => id)}::uuid[], ${sessions.map(({ state }) => state)}::text[]) as w (id, state)
    ), claimed as (
      update ailbl_session as s set state = 'claimed', version = version + 1, picked = ${now},
        lease_owner = ${owner}, lease_token = s.lease_token + 1, missed_polls = 0,
        attempt = case s.state when 'retry_wait' then s.attempt + 1 else s.attempt end,
        -- Traces of an earlier attempt or claim.
        run_id = null, run_status = null, runs_checked = false, launch_started = null, started = null, stop_reason = null, stop_requested = null,
        polled = null, not_ready_since = case s.state when 'retry_wait' then null else s.not_ready_since end,
        lease_expires_at = now() + make_interval(secs => ${leaseSeconds})
      from candidate as w where s.id = w.id and s.state = w.state
      returning s.id, s.lease_token, s.schedule_id, s.schedule_name, s.kind, s.attempt, s.slot, s.data_interval_start,
        s.created, s.not_ready_since, w.state as from_state
    ), history as (
      insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
      select id, ${now}::timestamptz, from_state, 'claimed', attempt, 'scheduler', 'picked' from claimed
    )
    select id, lease_token, schedule_id, schedule_name, kind, attempt, slot, data_interval_start, created,
      not_ready_since,
      exists (select from ailbl_doubtful_launch as d where d.session_id = claimed.id and d.attempt = claimed.attempt) as is_doubtful
    from claimed`.execute(tx);
  return rows;
}

/**
 * Ends sessions that never run, before a worker claims them.
 *
 * @param skips sessions, each with the message for its history
 */
export async function skipSessions(
  tx: DatabaseTransaction,
  skips: readonly { readonly id: string; readonly message: string }[],
  { now, actor, reason }: { now: Date; actor: string; reason: string },
): Promise<void> {
  if (skips.length === 0) return;
  await sql`
    with skip as (
      select * from unnest(${skips.map(({ id }) => id)}::uuid[], ${skips.map(({ message }) => message)}::text[]) as w (id, message)
    ), skipped as (
      update ailbl_session as s set state = 'skipped', version = version + 1, reason = ${reason}, ended = ${now}
      from skip where s.id = skip.id and s.state = 'pending' returning s.id, s.attempt, skip.message)
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause, message)
    select id, ${now}::timestamptz, 'pending', 'skipped', attempt, ${actor}, ${reason}, message from skipped`.execute(
    tx,
  );
}

import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Job } from "../engines/job.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { SessionError } from "./model.ts";
import type { SessionState } from "./states.ts";
import type { StopReason } from "./stop.ts";
import type { SessionEventTable, SessionTable } from "./tables.ts";
import { reachedLimitList, stopRequestList, waitingPhaseList } from "./word-lists.ts";

/** A session as lists show it. */
export interface SessionRow {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly kind: number;
  readonly cause: SessionTable["cause"];
  readonly backfill_id: string | null;
  readonly queued: boolean;
  readonly retry_of: string | null;
  readonly slot: Date;
  readonly data_interval_start: Date;
  readonly state: SessionState;
  readonly reason: string | null;
  /** The message of the step to `skipped`; null in other states. */
  readonly skip_message: string | null;
  readonly class: number;
  readonly attempt: number;
  readonly run_after: Date;
  /** Whether `run_after` is in the future. */
  readonly is_early: boolean;
  readonly lease_token: number;
  readonly not_ready_since: Date | null;
  readonly stop_reason: StopReason | null;
  readonly engine: string;
  readonly run_id: string | null;
  readonly run_status: string | null;
  readonly picked: Date | null;
  readonly launch_started: Date | null;
  readonly started: Date | null;
  readonly ended: Date | null;
  readonly version: number;
  readonly created: Date;
  readonly created_by: string;
  readonly result: Record<string, unknown> | null;
  readonly error: SessionError | null;
}

/** The columns of a {@link SessionRow}, for statements over ailbl_session joined with {@link detailOfSession}. */
export const sessionColumns = sql`ailbl_session.id, schedule_id, schedule_name, kind, cause, backfill_id, queued, retry_of, slot,
    data_interval_start, state, reason, class, attempt, run_after, run_after > now() as is_early, lease_token, not_ready_since, stop_reason,
    engine, run_id, run_status, picked, launch_started, started, ended, version, created, created_by, d.result, d.error,
    case when state = 'skipped' then (select message from ailbl_session_event as e
      where e.session_id = ailbl_session.id and e.to_state = 'skipped' limit 1) end as skip_message`;

/** The table of the large values, joined to ailbl_session. */
export const detailOfSession = sql`ailbl_session_detail as d on d.session_id = ailbl_session.id`;

/** Reads a session by id, which must be a UUID. */
export async function findSession(db: Database, id: string): Promise<SessionRow | undefined> {
  const [session] = await listMatchingSessions(db, sql`id = ${id}`, 1);
  return session;
}

/** Reads the first sessions that match a condition, in the order of their ids. */
export async function listMatchingSessions(
  db: Database,
  filter: RawBuilder<SqlBool>,
  limit: number,
): Promise<SessionRow[]> {
  const { rows } = await sql<SessionRow>`
    select ${sessionColumns} from ailbl_session left join ${detailOfSession}
    where ${filter} order by id limit ${limit}`.execute(db);
  return rows;
}

/**
 * Locks a session until the transaction ends. Locks first and reads in a second statement, which sees what a transaction wrote that
 * held the lock before.
 */
export async function lockSession(tx: DatabaseTransaction, id: string): Promise<SessionRow | undefined> {
  await tx.selectFrom("ailbl_session").select("id").where("id", "=", id).forUpdate().execute();
  return findSession(tx, id);
}

/** Reads the large values of a session, which lists leave out. */
export async function findSessionDetail(
  db: Database,
  id: string,
): Promise<{ job: Job | null; run_config: Record<string, unknown> | null; output: string | null } | undefined> {
  return db
    .selectFrom("ailbl_session_detail")
    .select(["job", "run_config", "output"])
    .where("session_id", "=", id)
    .executeTakeFirst();
}

type EventRow = Omit<SessionEventTable, "id" | "session_id">;

/** The history of a session, oldest step first. At most the last 1000 steps: only an engine that is down for hours causes more. */
export async function listSessionEvents(db: Database, id: string): Promise<EventRow[]> {
  const newestFirst = await db
    .selectFrom("ailbl_session_event")
    .select(["at", "from_state", "to_state", "attempt", "actor", "cause", "message"])
    .where("session_id", "=", id)
    .orderBy("id", "desc")
    .limit(1000)
    .execute();
  return newestFirst.reverse();
}

/** A session that a person requests. */
export interface NewSession {
  readonly id: string;
  readonly schedule: {
    readonly id: string;
    readonly name: string;
    readonly kind: number;
    readonly owner: string;
    readonly engine: string;
    readonly policy: { readonly launch_timeout_seconds: number; readonly max_runtime_seconds: number | null };
  };
  readonly cause: "manual" | "retry";
  readonly slot: Date;
  readonly dataIntervalStart: Date;
  /** The session that this one retries. */
  readonly retryOf: string | null;
  /** The bulk action that requests it. */
  readonly bulkId: string | null;
  readonly now: Date;
  readonly createdBy: string;
}

/** Inserts a session that is due at once, and counts it for its schedule. */
export async function insertSession(tx: DatabaseTransaction, session: NewSession): Promise<void> {
  const { schedule, now } = session;
  await tx
    .insertInto("ailbl_session")
    .values({
      id: session.id,
      schedule_id: schedule.id,
      schedule_name: schedule.name,
      kind: schedule.kind,
      owner: schedule.owner,
      engine: schedule.engine,
      launch_timeout_seconds: schedule.policy.launch_timeout_seconds,
      max_runtime_seconds: schedule.policy.max_runtime_seconds,
      cause: session.cause,
      slot: session.slot,
      data_interval_start: session.dataIntervalStart,
      retry_of: session.retryOf,
      bulk_id: session.bulkId,
      run_after: now,
      state: "pending",
      created: now,
      created_by: session.createdBy,
    })
    .execute();
  await sql`update ailbl_schedule_stats set sessions = sessions + 1, changed = ${now}
    where schedule_id = ${schedule.id}`.execute(tx);
}

/** The id of the session that retries this one, or null. */
export async function findRetry(db: Database, id: string): Promise<string | null> {
  const row = await db.selectFrom("ailbl_session").select("id").where("retry_of", "=", id).executeTakeFirst();
  return row?.id ?? null;
}

/** The sessions of a schedule, or of a backfill. */
export type SessionsOf = { readonly scheduleId: string } | { readonly backfillId: string };

function isOf(which: SessionsOf): RawBuilder<SqlBool> {
  return "scheduleId" in which ? sql`schedule_id = ${which.scheduleId}` : sql`backfill_id = ${which.backfillId}`;
}

/** Locks and returns the sessions on which a worker has a lease. */
export async function listUnderWay(
  tx: DatabaseTransaction,
  which: SessionsOf,
): Promise<{ id: string; state: SessionState }[]> {
  const { rows } = await sql<{ id: string; state: SessionState }>`
    select id, state from ailbl_session
    where id in (select session_id from ailbl_open_session where ${isOf(which)}) and phase = 'active' order by id for update`.execute(
    tx,
  );
  return rows;
}

interface WaitingEnd {
  /** `skipped` ends sessions that never ran; those in retry_wait go on. */
  readonly state: "skipped" | "canceled";
  /** Default: all causes. */
  readonly causes?: readonly SessionTable["cause"][];
  readonly now: Date;
  readonly actor: string;
  readonly reason: string;
  readonly message: string;
}

/** Ends the sessions on which no worker has a lease. */
export async function endWaiting(tx: DatabaseTransaction, which: SessionsOf, end: WaitingEnd): Promise<void> {
  const { causes } = end;
  const isOfCause = causes === undefined ? sql`true` : sql`cause = any(${causes}::text[])`;
  await sql`
    with waiting as (
      select id, state from ailbl_session
      where id in (select session_id from ailbl_open_session where ${isOf(which)})
        and phase in (${waitingPhaseList}) and ${isOfCause}
        and (state = 'pending' or ${end.state} = 'canceled')
      order by id for update
    ), ended as (
      update ailbl_session as s set state = ${end.state}, version = version + 1, reason = ${end.reason}, ended = ${end.now}
      from waiting as w where s.id = w.id returning s.id, s.attempt, w.state as from_state
    )
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause, message)
    select id, ${end.now}::timestamptz, from_state, ${end.state}, attempt, ${end.actor}, ${end.reason}, ${end.message}
    from ended`.execute(tx);
}

/** Assigns waiting sessions to another engine, when their schedule changes its engine: the old one may be down or removed. */
export async function rerouteWaiting(tx: DatabaseTransaction, scheduleId: string, engine: string): Promise<void> {
  await sql`update ailbl_session set engine = ${engine}, version = version + 1, run_id = null, run_status = null,
      launch_started = null, not_ready_since = null
    where id in (select session_id from ailbl_open_session where schedule_id = ${scheduleId})
      and phase in (${waitingPhaseList})`.execute(tx);
}

interface StopRequest {
  readonly now: Date;
  readonly by: string;
  readonly reason: StopReason;
}

/**
 * Asks the workers that have the sessions to end them. A request replaces a reached limit, so that the session ends as canceled;
 * otherwise the first reason stays.
 */
export async function requestStops(
  tx: Database,
  ids: readonly string[],
  { now, by, reason }: StopRequest,
): Promise<void> {
  if (ids.length === 0) return;
  const cause = reason === "cancel" ? "cancel_requested" : reason;
  await sql`
    with stopping as (
      update ailbl_session set stop_reason = ${reason}, stop_requested = ${now}, version = version + 1
      where id = any(${ids}::uuid[]) and phase = 'active' and (stop_reason is null
        or ${reason} in (${stopRequestList}) and stop_reason in (${reachedLimitList}))
      returning id, state, attempt)
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
    select id, ${now}::timestamptz, state, state, attempt, ${by}, ${cause} from stopping`.execute(tx);
}

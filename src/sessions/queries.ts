import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Job } from "../engines/job.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { SessionError } from "./model.ts";
import type { SessionState } from "./states.ts";
import type { StopReason } from "./stop.ts";
import type { SessionEventTable, SessionTable } from "./tables.ts";

/** A session with what is told of it in lists. */
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
  readonly attempt: number;
  readonly run_after: Date;
  /** Its start is still to come. */
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

/** What is read of a session, for one as for a list of them. */
export function selectSessions(db: Database) {
  return db
    .selectFrom("ailbl_session as s")
    .leftJoin("ailbl_session_detail as d", "d.session_id", "s.id")
    .select([
      "s.id",
      "s.schedule_id",
      "s.schedule_name",
      "s.kind",
      "s.cause",
      "s.backfill_id",
      "s.queued",
      "s.retry_of",
      "s.slot",
      "s.data_interval_start",
      "s.state",
      "s.reason",
      "s.attempt",
      "s.run_after",
      sql<boolean>`s.run_after > now()`.as("is_early"),
      "s.lease_token",
      "s.not_ready_since",
      "s.stop_reason",
      "s.engine",
      "s.run_id",
      "s.run_status",
      "s.picked",
      "s.launch_started",
      "s.started",
      "s.ended",
      "s.version",
      "s.created",
      "s.created_by",
      "d.result",
      "d.error",
    ]);
}

export function findSession(db: Database, id: string): Promise<SessionRow | undefined> {
  return selectSessions(db).where("s.id", "=", id).executeTakeFirst();
}

/** Locked first and read afterwards, for the same reason as a schedule (queries.ts). */
export async function lockSession(tx: DatabaseTransaction, id: string): Promise<SessionRow | undefined> {
  await tx.selectFrom("ailbl_session").select("id").where("id", "=", id).forUpdate().execute();
  return findSession(tx, id);
}

/** The large part, which lists leave out. */
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

/** Oldest first; of more than 1000, which a session makes only while its engine is away for hours, the last. */
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
  /** The session that it does again. */
  readonly retryOf: string | null;
  readonly now: Date;
  readonly createdBy: string;
}

/** One that a person asked for: due at once. */
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
      run_after: now,
      state: "pending",
      created: now,
      created_by: session.createdBy,
    })
    .execute();
  await sql`update ailbl_schedule_stats set sessions = sessions + 1, changed = ${now}
    where schedule_id = ${schedule.id}`.execute(tx);
}

/** The session that does this one again, if somebody asked for it. */
export async function findRetry(db: Database, id: string): Promise<string | null> {
  const row = await db.selectFrom("ailbl_session").select("id").where("retry_of", "=", id).executeTakeFirst();
  return row?.id ?? null;
}

/** Sessions that belong together. */
export type SessionsOf = { readonly scheduleId: string } | { readonly backfillId: string };

function isOf(which: SessionsOf): RawBuilder<SqlBool> {
  return "scheduleId" in which ? sql`schedule_id = ${which.scheduleId}` : sql`backfill_id = ${which.backfillId}`;
}

/** Those that a worker holds. */
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
  /** Skipped are sessions that never ran: one that waits for its next attempt is left alone. */
  readonly state: "skipped" | "canceled";
  /** All unless given. */
  readonly causes?: readonly SessionTable["cause"][];
  readonly now: Date;
  readonly actor: string;
  readonly reason: string;
  readonly message: string;
}

/** Ends those that no worker holds yet. */
export async function endWaiting(tx: DatabaseTransaction, which: SessionsOf, end: WaitingEnd): Promise<void> {
  const { causes } = end;
  const isOfCause = causes === undefined ? sql`true` : sql`cause = any(${causes}::text[])`;
  await sql`
    with waiting as (
      select id, state from ailbl_session
      where id in (select session_id from ailbl_open_session where ${isOf(which)})
        and phase in ('waiting', 'retrying') and ${isOfCause}
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

/** As rerouteSessions does (pick-queries.ts): the engine that they waited for may take none, or be gone. */
export async function rerouteWaiting(tx: DatabaseTransaction, scheduleId: string, engine: string): Promise<void> {
  await sql`update ailbl_session set engine = ${engine}, version = version + 1, run_id = null, run_status = null,
      launch_started = null, not_ready_since = null
    where id in (select session_id from ailbl_open_session where schedule_id = ${scheduleId})
      and phase in ('waiting', 'retrying')`.execute(tx);
}

interface StopRequest {
  readonly now: Date;
  readonly by: string;
  readonly reason: StopReason;
}

/** Asks whoever holds the sessions to end them. Who wants an end outweighs a limit that was reached; else the first ask holds. */
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
        or ${reason} in ('cancel', 'replaced') and stop_reason in ('max_runtime', 'launch_timeout'))
      returning id, state, attempt)
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
    select id, ${now}::timestamptz, state, state, attempt, ${by}, ${cause} from stopping`.execute(tx);
}

import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { RunError, RunOutput } from "../engines/engine.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { insertEvents } from "../platform/events/queries.ts";
import type { EventType } from "../platform/events/types.ts";
import { keepLastOutputs } from "./log/queries.ts";
import type { SessionError } from "./model.ts";
import { type By, type Fence, type MovedSession, moveSessions } from "./moves.ts";
import { isRetryable, listRetryPolicies, toRetryDelaySeconds } from "./retries.ts";
import type { EndState, SessionState } from "./states.ts";

/** What is known of a session's end, or of its attempt's. */
export interface SessionEnd extends Fence {
  readonly from: SessionState;
  readonly state: Exclude<EndState, "skipped">;
  readonly endedAt: Date;
  readonly startedAt?: Date | null;
  readonly runStatus?: string;
  readonly error: RunError | null;
  readonly result?: Record<string, unknown> | null;
  readonly output?: RunOutput | null;
  /** A word; the error's unless given. */
  readonly cause?: string;
}

/** What became of the sessions; those of a lost lease stand in neither. */
export interface Ended {
  readonly ended: readonly { readonly id: string; readonly state: EndState }[];
  /** Their attempt failed, and their policy wants another. */
  readonly retrying: readonly string[];
}

/** As {@link endSessionsIn}, in a transaction of its own. */
export function endSessions(db: Database, ends: readonly SessionEnd[], by: By): Promise<Ended> {
  if (ends.length === 0) return Promise.resolve({ ended: [], retrying: [] });
  return inTransaction(db, (tx) => endSessionsIn(tx, ends, by));
}

/**
 * Ends sessions: their states, errors, results, the schedules' counters and what is told to others, all or nothing, in as
 * many statements for a thousand as for one. A failed attempt that is to be tried again makes its session wait instead.
 */
export async function endSessionsIn(tx: DatabaseTransaction, ends: readonly SessionEnd[], by: By): Promise<Ended> {
  const retries = await decideRetries(tx, ends, by.at);
  const moved = await moveSessions(
    tx,
    ends.map((end) => toMove(end, retries.get(end.id))),
    by,
  );
  const byId = new Map(ends.map((end) => [end.id, end]));
  const told = moved.flatMap((session) => {
    const end = byId.get(session.id);
    return end === undefined ? [] : [{ session, end, error: end.error === null ? null : toSessionError(end.error) }];
  });
  await upsertDetails(tx, told);
  await keepLastOutputs(
    tx,
    told.flatMap(({ end: { id, leaseToken, output } }) => (output == null ? [] : [{ id, leaseToken, output }])),
    by.at,
  );
  const final = told.filter(({ session }) => !retries.has(session.id));
  await countEnded(tx, final, by.at);
  await insertEvents(tx, final.map(toEvent));
  return {
    ended: final.map(({ end: { id, state } }) => ({ id, state })),
    retrying: moved.filter(({ id }) => retries.has(id)).map(({ id }) => id),
  };
}

/** By session, when its next attempt begins. */
async function decideRetries(
  tx: DatabaseTransaction,
  ends: readonly SessionEnd[],
  at: Date,
): Promise<ReadonlyMap<string, Date>> {
  const failed = ends.filter(({ state, error }) => state === "failed" && error !== null && isRetryable(error.code));
  const policies = await listRetryPolicies(
    tx,
    failed.map(({ id }) => id),
  );
  return new Map(
    policies.map(({ id, attempt, delay_seconds }) => {
      const seconds = toRetryDelaySeconds(delay_seconds, attempt, Math.random());
      return [id, new Date(at.getTime() + seconds * 1000)];
    }),
  );
}

function toMove(end: SessionEnd, runAfter: Date | undefined) {
  const { id, leaseToken, from, state, endedAt, startedAt = null, runStatus, error } = end;
  return {
    id,
    leaseToken,
    from,
    to: runAfter === undefined ? state : "retry_wait",
    cause: end.cause ?? error?.code.toLowerCase() ?? "run_ended",
    message: error?.message ?? null,
    startedAt,
    ...(runStatus === undefined ? {} : { runStatus }),
    ...(runAfter === undefined ? { endedAt } : { runAfter }),
  } as const;
}

/** The fingerprint leaves out what differs between two failures of one cause: numbers and ids. */
function toSessionError({ code, message, step }: RunError): SessionError {
  const cause = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "#").replace(/\d+/g, "#");
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([code, step, cause]))
    .digest("hex")
    .slice(0, 12);
  return { code, message, step, fingerprint };
}

interface Told {
  readonly session: MovedSession;
  readonly end: SessionEnd;
  readonly error: SessionError | null;
}

/** A success leaves no error of an earlier attempt behind. */
async function upsertDetails(tx: DatabaseTransaction, told: readonly Told[]): Promise<void> {
  const rows = told.filter(({ session, end, error }) => error !== null || end.result != null || session.attempt > 1);
  if (rows.length === 0) return;
  const toText = (value: unknown) => (value == null ? null : JSON.stringify(value));
  await sql`insert into ailbl_session_detail (session_id, error, result)
    select * from unnest(${rows.map(({ session }) => session.id)}::uuid[],
      ${rows.map(({ error }) => toText(error))}::text[]::jsonb[], ${rows.map(({ end }) => toText(end.result))}::text[]::jsonb[])
    on conflict (session_id) do update set error = excluded.error, result = excluded.result`.execute(tx);
}

/** What ends mean to one schedule's counters. */
interface Counted {
  readonly succeeded: number;
  readonly failed: number;
  /** Failures since the last success among these; and whether there was one. */
  readonly failedSince: number;
  readonly hasSucceeded: boolean;
  readonly lastError: SessionError | null;
}

const nothing: Counted = { succeeded: 0, failed: 0, failedSince: 0, hasSucceeded: false, lastError: null };

/**
 * Cancels say nothing about the job, so they count neither way; and how a backfill goes says nothing about the slots to
 * come, so it neither makes nor breaks a row of failures.
 */
function toCounted(counted: Counted, { session, end, error }: Told): Counted {
  const isOfRow = session.cause !== "backfill";
  switch (end.state) {
    case "succeeded":
      return {
        ...counted,
        succeeded: counted.succeeded + 1,
        ...(isOfRow ? { failedSince: 0, hasSucceeded: true } : {}),
      };
    case "failed":
      return {
        ...counted,
        failed: counted.failed + 1,
        failedSince: counted.failedSince + (isOfRow ? 1 : 0),
        lastError: error,
      };
    case "canceled":
      return counted;
    default:
      return end.state satisfies never;
  }
}

/**
 * In the order in which they ended. Locked in the order of the schedules' ids: two that end sessions of the same schedules
 * must not wait for each other.
 */
async function countEnded(tx: DatabaseTransaction, told: readonly Told[], at: Date): Promise<void> {
  const counts = new Map<string, Counted>();
  for (const one of told.toSorted((first, second) => Number(first.end.endedAt) - Number(second.end.endedAt))) {
    const { schedule_id: id } = one.session;
    counts.set(id, toCounted(counts.get(id) ?? nothing, one));
  }
  if (counts.size === 0) return;
  const rows = [...counts.values()];
  await sql`
    with wanted as (
      select * from unnest(${[...counts.keys()]}::uuid[], ${rows.map(({ succeeded }) => succeeded)}::integer[],
        ${rows.map(({ failed }) => failed)}::integer[], ${rows.map(({ failedSince }) => failedSince)}::integer[],
        ${rows.map(({ hasSucceeded }) => String(hasSucceeded))}::text[]::boolean[],
        ${rows.map(({ lastError }) => (lastError === null ? null : JSON.stringify(lastError)))}::text[]::jsonb[])
        as w (schedule_id, succeeded, failed, failed_since, has_succeeded, last_error)
    ), locked as (
      select schedule_id from ailbl_schedule_stats where schedule_id in (select schedule_id from wanted)
      order by schedule_id for no key update
    )
    update ailbl_schedule_stats as s
    set succeeded = s.succeeded + w.succeeded, failed = s.failed + w.failed,
      consecutive_failures = case when w.has_succeeded then 0 else s.consecutive_failures end + w.failed_since,
      last_error = coalesce(w.last_error, s.last_error), changed = ${at}::timestamptz
    from wanted as w join locked using (schedule_id) where s.schedule_id = w.schedule_id`.execute(tx);
}

const lostCodes: ReadonlySet<string> = new Set(["RUN_LOST"]);
const timedOutCodes: ReadonlySet<string> = new Set(["JOB_TIMED_OUT", "MAX_RUNTIME_EXCEEDED", "LAUNCH_TIMED_OUT"]);

function toEvent({ session, end, error }: Told) {
  return {
    type: toEventType(end),
    kind: "session",
    objectId: session.id,
    data: {
      session_id: session.id,
      schedule_id: session.schedule_id,
      schedule_name: session.schedule_name,
      kind: session.kind,
      slot: session.slot.toISOString(),
      attempt: session.attempt,
      ended: end.endedAt.toISOString(),
      error,
    },
  };
}

function toEventType({ state, error }: SessionEnd): EventType {
  if (state === "failed" && lostCodes.has(error?.code ?? "")) return "session.lost";
  if (state === "failed" && timedOutCodes.has(error?.code ?? "")) return "session.timed_out";
  return `session.${state}`;
}

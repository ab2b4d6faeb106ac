import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { RunError, RunOutput } from "../engines/engine.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { insertEvents } from "../platform/events/queries.ts";
import type { EventType } from "../platform/events/types.ts";
import { classifyError } from "./error-codes.ts";
import { keepLastOutputs } from "./log/queries.ts";
import type { SessionError } from "./model.ts";
import { type By, type Fence, type MovedSession, moveSessions } from "./moves.ts";
import { listRetryTimes } from "./retries.ts";
import { countEnds } from "./schedule-counters.ts";
import type { EndState, SessionState } from "./states.ts";

/** The end of a session, or of its current attempt. */
export interface SessionEnd extends Fence {
  readonly from: SessionState;
  readonly state: Exclude<EndState, "skipped">;
  readonly endedAt: Date;
  readonly startedAt?: Date | null;
  readonly runStatus?: string;
  readonly error: RunError | null;
  readonly result?: Record<string, unknown> | null;
  readonly output?: RunOutput | null;
  /** A word for the history. Default: the code of the error, or `run_ended`. */
  readonly cause?: string;
}

/** Sessions that were ended or retried. A session whose lease was lost is in neither list. */
export interface Ended {
  readonly ended: readonly { readonly id: string; readonly state: EndState }[];
  /** Sessions whose attempt failed and whose policy allows another. */
  readonly retrying: readonly string[];
}

/** {@link endSessionsIn} in a transaction of its own. */
export function endSessions(db: Database, ends: readonly SessionEnd[], by: By): Promise<Ended> {
  if (ends.length === 0) return Promise.resolve({ ended: [], retrying: [] });
  return inTransaction(db, (tx) => endSessionsIn(tx, ends, by));
}

/**
 * Ends sessions: writes their states, errors, results and outputs, the counters of their schedules, and the events, with the same
 * number of statements for a thousand sessions as for one. A session whose failed attempt may be retried waits instead
 * (`retry_wait`), and is neither counted nor reported.
 */
export async function endSessionsIn(tx: DatabaseTransaction, ends: readonly SessionEnd[], by: By): Promise<Ended> {
  const retryTimes = await listRetryTimes(tx, ends.filter(isRetryable).map(toId), by.at);
  const moved = await moveSessions(
    tx,
    ends.map((end) => toMove(end, retryTimes.get(end.id))),
    by,
  );
  const closed = toClosed(ends, moved);
  await upsertDetails(tx, closed);
  await keepLastOutputs(tx, closed.flatMap(toOutput), by.at);
  const final = closed.filter(({ session }) => !retryTimes.has(session.id));
  await countEnds(tx, final.map(toCountedEnd), by.at);
  await insertEvents(tx, final.map(toEvent));
  return {
    ended: final.map(({ end: { id, state } }) => ({ id, state })),
    retrying: moved.map(toId).filter((id) => retryTimes.has(id)),
  };
}

function toId({ id }: { readonly id: string }): string {
  return id;
}

function isRetryable({ state, error }: SessionEnd): boolean {
  return state === "failed" && error !== null && classifyError(error.code).isRetryable;
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

/** A session that was moved by its end. */
interface ClosedAttempt {
  readonly session: MovedSession;
  readonly end: SessionEnd;
  readonly error: SessionError | null;
}

function toClosed(ends: readonly SessionEnd[], moved: readonly MovedSession[]): ClosedAttempt[] {
  const byId = new Map(ends.map((end) => [end.id, end]));
  return moved.flatMap((session) => {
    const end = byId.get(session.id);
    return end === undefined ? [] : [{ session, end, error: end.error === null ? null : toSessionError(end.error) }];
  });
}

/** Adds the fingerprint, which leaves out ids and numbers: they differ between two failures of the same cause. */
function toSessionError({ code, message, step }: RunError): SessionError {
  const cause = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, "#").replace(/\d+/g, "#");
  const fingerprint = createHash("sha256")
    .update(JSON.stringify([code, step, cause]))
    .digest("hex")
    .slice(0, 12);
  return { code, message, step, fingerprint };
}

/** Writes errors and results. The success of a later attempt removes the error of an earlier one. */
async function upsertDetails(tx: DatabaseTransaction, closed: readonly ClosedAttempt[]): Promise<void> {
  const rows = closed.filter(({ session, end, error }) => error !== null || end.result != null || session.attempt > 1);
  if (rows.length === 0) return;
  const toText = (value: unknown) => (value == null ? null : JSON.stringify(value));
  await sql`insert into ailbl_session_detail (session_id, error, result)
    select * from unnest(${rows.map(({ session }) => session.id)}::uuid[],
      ${rows.map(({ error }) => toText(error))}::text[]::jsonb[], ${rows.map(({ end }) => toText(end.result))}::text[]::jsonb[])
    on conflict (session_id) do update set error = excluded.error, result = excluded.result`.execute(tx);
}

function toOutput({ end: { id, leaseToken, output } }: ClosedAttempt) {
  return output == null ? [] : [{ id, leaseToken, output }];
}

function toCountedEnd({ session, end: { state, endedAt }, error }: ClosedAttempt) {
  return { scheduleId: session.schedule_id, cause: session.cause, state, endedAt, error };
}

function toEvent({ session, end, error }: ClosedAttempt) {
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

function toEventType({ state, error }: SessionEnd): Extract<EventType, `session.${string}`> {
  return state === "failed" ? classifyError(error?.code ?? "").event : `session.${state}`;
}

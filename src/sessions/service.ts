import type { Engines } from "../engines/registry.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { findPreviousInstant } from "../timing/instants.ts";
import type { Timing } from "../timing/model.ts";
import { endSessionsIn } from "./ends.ts";
import { sessionIsOver, sessionNotFound, sessionNotRetried } from "./errors.ts";
import { listSessions } from "./list.ts";
import type { ListSessions, Session, SessionWithHistory } from "./model.ts";
import type { By } from "./moves.ts";
import {
  findRetry,
  findSession,
  findSessionDetail,
  insertSession,
  listSessionEvents,
  lockSession,
  type NewSession,
  requestStops,
  type SessionRow,
} from "./queries.ts";
import { toSession } from "./representation.ts";
import { isEnded, isLeased } from "./states.ts";

/** The fields of a schedule that a new session needs. */
type LockedSchedule = NewSession["schedule"] & Timing;

/** The part of the schedules room that this room needs. Schedules may import sessions and not the reverse, so compose/ passes it. */
export interface SchedulesOfSessions {
  /** Finds the schedule, or throws its 404. */
  require(db: Database, id: string): Promise<unknown>;
  /** Locks the schedule until the transaction ends, or throws its 404. */
  lock(tx: DatabaseTransaction, id: string): Promise<LockedSchedule>;
}

interface SessionNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly engines: Pick<Engines, "find">;
  readonly schedules: SchedulesOfSessions;
  /** Called after a commit that a worker should see soon. */
  readonly onWork: () => void;
}

/** The use cases of the session routes and of bulk actions. */
export type SessionService = ReturnType<typeof createSessionService>;

/** Creates the use cases of sessions. Each opens its own transaction. */
export function createSessionService({ db, clock, engines, schedules, onWork }: SessionNeeds) {
  function list(query: ListSessions, start: PageStart): Promise<Page<SessionRow>> {
    return listSessions(db, query, start);
  }

  function represent(row: SessionRow): Session {
    return toSession(row, engines);
  }

  async function find(id: string): Promise<SessionWithHistory> {
    const row = await requireSession(db, id);
    const detail = await findSessionDetail(db, id);
    const session = represent(row);
    return {
      ...session,
      run:
        session.run === null
          ? null
          : { ...session.run, config: detail?.run_config ?? null, output: detail?.output ?? null },
      history: [toFirstEntry(row), ...(await listHistory(db, id))],
    };
  }

  /**
   * Cancels a session: at once if no worker has a lease on it, else by a request to its worker.
   *
   * @throws SESSION_NOT_FOUND
   * @throws SESSION_STATE_CONFLICT when it has ended
   */
  async function cancel(id: string, change: Change<Session>): Promise<Session> {
    await requireSession(db, id);
    const session = await inTransaction(db, async (tx) => {
      const before = await requireLocked(tx, id);
      if (isEnded(before.state)) throw sessionIsOver(before.state);
      await requestEnd(tx, before, { at: clock.now(), actor: change.actor.subject });
      const after = represent(await requireSession(tx, id));
      return recordChange(tx, change, {
        action: "session.cancel",
        kind: "session",
        id,
        before: { state: before.state },
        after: { state: after.state },
        result: after,
      });
    });
    onWork();
    return session;
  }

  /**
   * Opens a session that is due now, in addition to the slots. It runs beside other sessions, and also if the schedule is disabled.
   *
   * @param bulkId the bulk action that requests it; its sessions start after sessions that were requested one by one
   * @throws SCHEDULE_NOT_FOUND
   */
  function trigger(scheduleId: string, change: Change<Session>, bulkId: string | null = null): Promise<Session> {
    const toRequested = async (
      _: DatabaseTransaction,
      schedule: LockedSchedule,
      now: Date,
    ): Promise<RequestedSession> => {
      const dataIntervalStart = findPreviousInstant(schedule, now) ?? now;
      return { cause: "manual", slot: now, dataIntervalStart, retryOf: null, bulkId };
    };
    const trail = { action: "schedule.trigger", kind: "schedule", id: scheduleId };
    return open(scheduleId, toRequested, trail, change);
  }

  /**
   * Opens a new session for the slot and data interval of a session that did not succeed, with the schedule as it is now. The old
   * session does not change.
   *
   * @param bulkId as for `trigger`
   * @throws SESSION_NOT_FOUND
   * @throws SCHEDULE_NOT_FOUND
   * @throws SESSION_STATE_CONFLICT when the session has not ended, succeeded, or was retried already
   */
  async function retry(id: string, change: Change<Session>, bulkId: string | null = null): Promise<Session> {
    const { schedule_id: scheduleId } = await requireSession(db, id);
    const toRequested = async (tx: DatabaseTransaction): Promise<RequestedSession> => {
      const { slot, data_interval_start: dataIntervalStart } = await requireRetryable(tx, id);
      return { cause: "retry", slot, dataIntervalStart, retryOf: id, bulkId };
    };
    return open(scheduleId, toRequested, { action: "session.retry", kind: "session", id }, change);
  }

  /** Opens a requested session under the lock of its schedule. */
  async function open(
    scheduleId: string,
    toRequested: (tx: DatabaseTransaction, schedule: LockedSchedule, now: Date) => Promise<RequestedSession>,
    trail: { readonly action: string; readonly kind: string; readonly id: string },
    change: Change<Session>,
  ): Promise<Session> {
    await schedules.require(db, scheduleId);
    const session = await inTransaction(db, async (tx) => {
      const schedule = await schedules.lock(tx, scheduleId);
      const now = clock.now();
      const id = createId();
      const requested = await toRequested(tx, schedule, now);
      await insertSession(tx, { ...requested, id, schedule, now, createdBy: change.actor.subject });
      const result = represent(await requireSession(tx, id));
      return recordChange(tx, change, { ...trail, before: null, after: { session_id: id }, result });
    });
    onWork();
    return session;
  }

  return { list, represent, find, trigger, retry, cancel };
}

type RequestedSession = Pick<NewSession, "cause" | "slot" | "dataIntervalStart" | "retryOf" | "bulkId">;

/** @throws SESSION_NOT_FOUND */
function requireSession(db: Database, id: string): Promise<SessionRow> {
  return requireRow(id, (sessionId) => findSession(db, sessionId), sessionNotFound);
}

/** @throws SESSION_NOT_FOUND */
function requireLocked(tx: DatabaseTransaction, id: string): Promise<SessionRow> {
  return requireRow(id, (sessionId) => lockSession(tx, sessionId), sessionNotFound);
}

/** Ends a locked session that waits, or asks the worker that has it. */
async function requestEnd(tx: DatabaseTransaction, session: SessionRow, by: By): Promise<void> {
  const { id, state, lease_token: leaseToken } = session;
  if (isLeased(state)) return requestStops(tx, [id], { now: by.at, by: by.actor, reason: "cancel" });
  const end = {
    id,
    leaseToken,
    from: state,
    state: "canceled",
    cause: "canceled",
    endedAt: by.at,
    error: null,
  } as const;
  await endSessionsIn(tx, [end], by);
}

/** Locks the session, so that of two retries at once only one succeeds. @throws SESSION_NOT_FOUND, SESSION_STATE_CONFLICT */
async function requireRetryable(tx: DatabaseTransaction, id: string): Promise<SessionRow> {
  const session = await requireLocked(tx, id);
  if (!isEnded(session.state))
    throw sessionNotRetried(session.state, `it is ${session.state} and may still succeed; cancel it first`);
  if (session.state === "succeeded") throw sessionNotRetried("succeeded", "it succeeded; trigger the schedule instead");
  const retried = await findRetry(tx, id);
  if (retried !== null) throw sessionNotRetried(session.state, `the session ${retried} is its retry`);
  return session;
}

type HistoryEntry = SessionWithHistory["history"][number];

/** The first entry, which comes from the session itself: only later steps are rows of the history. */
function toFirstEntry(row: SessionRow): HistoryEntry {
  return {
    at: row.created.toISOString(),
    from: null,
    to: "pending",
    attempt: 1,
    actor: row.created_by,
    cause: row.cause,
    message: null,
  };
}

async function listHistory(db: Database, id: string): Promise<HistoryEntry[]> {
  const events = await listSessionEvents(db, id);
  return events.map(({ at, from_state, to_state, ...event }) => ({
    at: at.toISOString(),
    from: from_state,
    to: to_state,
    ...event,
  }));
}

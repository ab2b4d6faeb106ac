import type { Engines } from "../engines/registry.ts";
import { recordAudit } from "../platform/audit/record.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { createId, isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { type Page, parsePageStart } from "../platform/resource/paging.ts";
import { findPreviousInstant } from "../timing/instants.ts";
import type { Timing } from "../timing/model.ts";
import { endSessionsIn } from "./ends.ts";
import { sessionIsOver, sessionNotFound, sessionNotRetried } from "./errors.ts";
import { listSessions } from "./list.ts";
import type { ListSessions, Session, SessionWithHistory } from "./model.ts";
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

/** What opening a session takes from its schedule. */
type LockedSchedule = NewSession["schedule"] & Timing;

/** What this room asks of the schedules' room, which stands above it; compose/ brings the two together. */
export interface SchedulesOfSessions {
  /** @throws SCHEDULE_NOT_FOUND */
  require(db: Database, id: string): Promise<unknown>;
  /** Locks the schedule until the transaction ends. @throws SCHEDULE_NOT_FOUND */
  lock(tx: DatabaseTransaction, id: string): Promise<LockedSchedule>;
}

interface SessionNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly engines: Pick<Engines, "find">;
  readonly schedules: SchedulesOfSessions;
  /** Called after something was written that a worker should look at soon. */
  readonly onWork: () => void;
}

export type SessionService = ReturnType<typeof createSessionService>;

/** The use cases of sessions; each owns its transactions. */
export function createSessionService({ db, clock, engines, schedules, onWork }: SessionNeeds) {
  function list(query: ListSessions): Promise<Page<SessionRow>> {
    return listSessions(db, query, parsePageStart(query));
  }

  function tell(row: SessionRow): Session {
    return toSession(row, engines);
  }

  async function find(id: string): Promise<SessionWithHistory> {
    const row = await requireSession(db, id);
    const detail = await findSessionDetail(db, id);
    const session = tell(row);
    return {
      ...session,
      run:
        session.run === null
          ? null
          : { ...session.run, config: detail?.run_config ?? null, output: detail?.output ?? null },
      history: [toFirstEntry(row), ...(await listHistory(db, id))],
    };
  }

  /** Ends it at once while no worker has it, else asks its worker to. @throws SESSION_NOT_FOUND, SESSION_STATE_CONFLICT */
  async function cancel(id: string, change: Change<Session>): Promise<Session> {
    await requireSession(db, id);
    const told = await inTransaction(db, async (tx) => {
      const before = await lockSession(tx, id);
      if (before === undefined) throw sessionNotFound(id);
      if (isEnded(before.state)) throw sessionIsOver(before.state);
      const now = clock.now();
      const by = change.actor.subject;
      if (isLeased(before.state)) await requestStops(tx, [id], { now, by, reason: "cancel" });
      else {
        const fence = { id, leaseToken: before.lease_token };
        const end = {
          ...fence,
          from: before.state,
          state: "canceled",
          cause: "canceled",
          endedAt: now,
          error: null,
        } as const;
        await endSessionsIn(tx, [end], { at: now, actor: by });
      }
      const after = tell(await requireSession(tx, id));
      await recordAudit(tx, {
        actor: change.actor,
        action: "session.cancel",
        kind: "session",
        objectId: id,
        before: { state: before.state },
        after: { state: after.state },
      });
      await change.beforeCommit(tx, after);
      return after;
    });
    onWork();
    return told;
  }

  /**
   * A session now, beside the slots: whatever the trigger says, whether or not another one runs, enabled or not.
   *
   * @throws SCHEDULE_NOT_FOUND
   */
  function trigger(scheduleId: string, change: Change<Session>): Promise<Session> {
    const toAsked = async (_: DatabaseTransaction, schedule: LockedSchedule, now: Date): Promise<AskedSession> => {
      const dataIntervalStart = findPreviousInstant(schedule, now) ?? now;
      return { cause: "manual", slot: now, dataIntervalStart, retryOf: null };
    };
    const trail = { action: "schedule.trigger", kind: "schedule", objectId: scheduleId };
    return open(scheduleId, toAsked, trail, change);
  }

  /**
   * A new session for the same slot and stretch of data as one that did not succeed, with the schedule as it is now. The
   * old one stays as it ended.
   *
   * @throws SESSION_NOT_FOUND, SCHEDULE_NOT_FOUND, SESSION_STATE_CONFLICT when it goes on, succeeded or was done again already
   */
  async function retry(id: string, change: Change<Session>): Promise<Session> {
    const { schedule_id: scheduleId } = await requireSession(db, id);
    const toAsked = async (tx: DatabaseTransaction): Promise<AskedSession> => {
      const { slot, data_interval_start: dataIntervalStart } = await requireRetryable(tx, id);
      return { cause: "retry", slot, dataIntervalStart, retryOf: id };
    };
    return open(scheduleId, toAsked, { action: "session.retry", kind: "session", objectId: id }, change);
  }

  /** Opens a session that a person asks for, under the schedule's lock. */
  async function open(
    scheduleId: string,
    toAsked: (tx: DatabaseTransaction, schedule: LockedSchedule, now: Date) => Promise<AskedSession>,
    trail: { readonly action: string; readonly kind: string; readonly objectId: string },
    change: Change<Session>,
  ): Promise<Session> {
    await schedules.require(db, scheduleId);
    const told = await inTransaction(db, async (tx) => {
      const schedule = await schedules.lock(tx, scheduleId);
      const now = clock.now();
      const id = createId();
      const asked = await toAsked(tx, schedule, now);
      await insertSession(tx, { ...asked, id, schedule, now, createdBy: change.actor.subject });
      const session = tell(await requireSession(tx, id));
      await recordAudit(tx, { ...trail, actor: change.actor, before: null, after: { session_id: id } });
      await change.beforeCommit(tx, session);
      return session;
    });
    onWork();
    return told;
  }

  return { list, tell, find, trigger, retry, cancel };
}

type AskedSession = Pick<NewSession, "cause" | "slot" | "dataIntervalStart" | "retryOf">;

/** @throws SESSION_NOT_FOUND */
async function requireSession(db: Database, id: string): Promise<SessionRow> {
  const row = isUuid(id) ? await findSession(db, id) : undefined;
  if (row === undefined) throw sessionNotFound(id);
  return row;
}

/** Under the lock, so that two who ask at once do not both get one. @throws SESSION_NOT_FOUND, SESSION_STATE_CONFLICT */
async function requireRetryable(tx: DatabaseTransaction, id: string): Promise<SessionRow> {
  const session = await lockSession(tx, id);
  if (session === undefined) throw sessionNotFound(id);
  if (!isEnded(session.state)) throw sessionNotRetried(session.state, `it is ${session.state} and may still succeed`);
  if (session.state === "succeeded") throw sessionNotRetried("succeeded", "it succeeded; trigger the schedule instead");
  const retried = await findRetry(tx, id);
  if (retried !== null) throw sessionNotRetried(session.state, `the session ${retried} does it again already`);
  return session;
}

type HistoryEntry = SessionWithHistory["history"][number];

/** How it came to be stands in the session itself. */
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

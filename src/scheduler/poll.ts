import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { maxStatusIds, type RunStatus } from "./engines/engine.ts";
import { noteLostLease, renewLeases } from "./lease.ts";
import { endLostRuns } from "./lost-runs.ts";
import { countEnd } from "./metrics.ts";
import type { PickNeeds } from "./pick.ts";
import { reconcile } from "./reconcile.ts";
import { findReachedLimit, type RunningSession, toEnd } from "./run-end.ts";
import type { EndState } from "./states.ts";
import type { StopReason } from "./tables.ts";
import { endSession, type Fence, type SessionEnd } from "./transitions.ts";

/** A run that its engine does not know for so many polls is lost. */
const maxMissedPolls = 3;

export interface PollSummary {
  readonly polled: number;
  readonly ended: number;
  readonly stopped: number;
}

/** Asks the engine about every run that this process holds, and writes down what has changed. */
export async function poll(needs: PickNeeds, signal: AbortSignal): Promise<PollSummary> {
  await renewLeases(needs.db, needs.lease);
  await endLostRuns(needs);
  await reconcile(needs);
  const sum = { polled: 0, ended: 0, stopped: 0 };
  let after = "00000000-0000-0000-0000-000000000000";
  while (!signal.aborted) {
    const sessions = await listRunning(needs.db, needs.lease.owner, after);
    if (sessions.length === 0) break;
    const statuses = await needs.engine.status(sessions.map(({ run_id }) => run_id));
    const outcomes = await Promise.all(
      sessions.map((session) => pollOne(needs, session, statuses.get(session.run_id))),
    );
    sum.polled += sessions.length;
    sum.ended += outcomes.filter((outcome) => outcome === "ended").length;
    sum.stopped += outcomes.filter((outcome) => outcome === "stopped").length;
    after = sessions.at(-1)?.id ?? after;
  }
  return sum;
}

async function listRunning(db: Database, owner: string, after: string): Promise<RunningSession[]> {
  const { rows } = await sql<RunningSession>`
    select id, lease_token, run_id, run_status, started, launch_started, launch_timeout_seconds, max_runtime_seconds,
      stop_reason, missed_polls
    from ailbl_session where state = 'running' and lease_owner = ${owner} and id > ${after}
    order by id limit ${maxStatusIds}`.execute(db);
  return rows;
}

type Polled = "ended" | "stopped" | "unchanged" | "lost";

async function pollOne(needs: PickNeeds, session: RunningSession, status: RunStatus | undefined): Promise<Polled> {
  if (status === undefined) return missPoll(needs, session);
  switch (status.state) {
    case "succeeded":
    case "failed":
    case "canceled":
      return finish(needs, session, toEnd(session, status));
    case "queued":
    case "running": {
      await noteStatus(needs.db, session, status);
      const reason = session.stop_reason ?? findReachedLimit(session, status, needs.clock.now());
      return reason === null ? "unchanged" : stop(needs, session, reason);
    }
    default:
      return status satisfies never;
  }
}

async function finish(needs: PickNeeds, session: RunningSession, end: SessionEnd): Promise<Polled> {
  const fence = toFence(session);
  const step = {
    from: "running",
    at: needs.clock.now(),
    actor: "scheduler",
    cause: end.error?.code.toLowerCase() ?? "run_ended",
    message: end.error?.message ?? null,
  } as const;
  const isOurs = await inTransaction(needs.db, (tx) => endSession(tx, fence, step, end));
  needs.engine.forget(session.run_id);
  if (!isOurs) return noteLostLease(needs, fence, "poll");
  countEnd(needs.metrics, end.state satisfies EndState);
  return "ended";
}

/** Asks the engine at every poll until the run has ended: the first ask may have been lost. */
async function stop(needs: PickNeeds, session: RunningSession, reason: StopReason): Promise<Polled> {
  if (session.stop_reason === null && !(await requestStop(needs, session, reason))) {
    return noteLostLease(needs, toFence(session), "poll");
  }
  await needs.engine.cancel(session.run_id);
  return "stopped";
}

async function requestStop({ db, clock }: PickNeeds, session: RunningSession, reason: StopReason): Promise<boolean> {
  const now = clock.now();
  const { rows } = await sql`
    with stopping as (
      update ailbl_session set stop_reason = coalesce(stop_reason, ${reason}), stop_requested = ${now}, version = version + 1
      where id = ${session.id} and state = 'running' and lease_token = ${session.lease_token} returning id, attempt)
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
    select id, ${now}::timestamptz, 'running', 'running', attempt, 'scheduler', ${reason} from stopping returning 1`.execute(
    db,
  );
  return rows.length === 1;
}

async function noteStatus(
  db: Database,
  session: RunningSession,
  status: Extract<RunStatus, { state: "queued" | "running" }>,
): Promise<void> {
  const started = status.state === "running" ? status.startedAt : null;
  const isNews = session.run_status !== status.state || (session.started === null && started !== null);
  if (!isNews && session.missed_polls === 0) return;
  await sql`update ailbl_session
    set run_status = ${status.state}, started = coalesce(started, ${started}::timestamptz), missed_polls = 0, version = version + 1
    where id = ${session.id} and state = 'running' and lease_token = ${session.lease_token}`.execute(db);
}

async function missPoll(needs: PickNeeds, session: RunningSession): Promise<Polled> {
  if (session.missed_polls + 1 < maxMissedPolls) {
    await sql`update ailbl_session set missed_polls = missed_polls + 1
      where id = ${session.id} and state = 'running' and lease_token = ${session.lease_token}`.execute(needs.db);
    return "unchanged";
  }
  const message = `The engine ${needs.engine.name} does not know the run any more`;
  const endedAt = needs.clock.now();
  return finish(needs, session, { state: "failed", endedAt, error: { code: "RUN_LOST", message, step: null } });
}

function toFence({ id, lease_token }: RunningSession): Fence {
  return { id, leaseToken: lease_token };
}

import { sql } from "kysely";
import { maxStatusIds, type RunStatus } from "../../engines/engine.ts";
import { retryLost } from "../../platform/database/transaction.ts";
import { endSessions, type SessionEnd } from "../../sessions/ends.ts";
import { keepOutputs } from "../../sessions/log/queries.ts";
import { requestStops } from "../../sessions/queries.ts";
import type { StopReason } from "../../sessions/stop.ts";
import { isStopRequest } from "../../sessions/stop.ts";
import type { PickNeeds } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { noteLostLease, renewLeases } from "../renew/leases.ts";
import { createRound, type IdRange } from "../row-pages.ts";
import { reconcile } from "../search/search.ts";
import { endLostRuns } from "./lost-runs.ts";
import { noteStatuses, type RunNews } from "./queries.ts";
import { findReachedLimit, type RunningSession, toEnd } from "./run-end.ts";

/** After so long, a run that was asked to end and goes on is given up. */
const stopPatienceSeconds = 5 * 60;

/** A run that its engine does not know for so many polls, and for so long, is lost: polls may follow each other at once. */
const maxMissedPolls = 3;
const missedSeconds = 15;

const goRound = createRound();

export interface PollSummary {
  readonly polled: number;
  readonly ended: number;
  readonly stopped: number;
}

/** Asks the engine about every run that this process holds, and writes down what has changed. */
export async function poll(needs: PickNeeds, signal: AbortSignal): Promise<PollSummary> {
  await renewLeases(needs.db, needs.lease);
  await endLostRuns(needs);
  await reconcile(needs, signal);
  const sum = { polled: 0, ended: 0, stopped: 0 };
  const stops: Stop[] = [];
  for await (const sessions of goRound(needs.engine, (range) => listRunning(needs, range))) {
    const statuses = await needs.engine.status(sessions.map(({ run_id }) => run_id));
    const settled = await settle(needs, sessions, statuses);
    sum.polled += sessions.length;
    sum.ended += settled.ended;
    stops.push(...settled.stops);
    // Asked after the first page: whatever took the turn's time, some runs are heard of in each.
    if (signal.aborted) break;
  }
  // Last: an engine that does not answer to it holds up no news of the others.
  await stopAll(needs, stops);
  return { ...sum, stopped: stops.length };
}

async function listRunning({ db, engine, lease }: PickNeeds, { after, until }: IdRange): Promise<RunningSession[]> {
  const { rows } = await sql<RunningSession>`
    select s.id, s.lease_token, s.run_id, s.run_status, s.started, s.launch_started, s.launch_timeout_seconds,
      s.max_runtime_seconds, s.stop_reason, s.stop_requested, s.missed_polls, s.polled as missed_since
    from ailbl_open_session as o join ailbl_session as s on s.id = o.session_id
    where o.phase = 'active' and o.engine = ${engine.name} and o.lease_owner = ${lease.owner}
      and o.session_id > ${after} and o.session_id <= ${until} and s.state = 'running' and s.lease_owner = o.lease_owner
    order by o.session_id limit ${maxStatusIds}`.execute(db);
  return rows;
}

interface Stop {
  readonly session: RunningSession;
  readonly reason: StopReason;
}

interface Settled {
  readonly ended: number;
  /** What is to end, and goes on. */
  readonly stops: readonly Stop[];
}

/** A handful of statements, however many runs there are. */
async function settle(
  needs: PickNeeds,
  sessions: readonly RunningSession[],
  statuses: ReadonlyMap<string, RunStatus>,
): Promise<Settled> {
  const now = needs.clock.now();
  const ends: SessionEnd[] = [];
  const news: RunNews[] = [];
  const stops: Stop[] = [];
  for (const session of sessions) {
    const status = statuses.get(session.run_id);
    if (status === undefined) {
      if (isLost(session, now)) ends.push(toLostEnd(needs, session, now));
      else news.push({ session, status: null });
    } else if (status.state === "queued" || status.state === "running") {
      news.push({ session, status });
      const reason = session.stop_reason ?? findReachedLimit(session, status, now);
      if (reason !== null) stops.push({ session, reason });
    } else ends.push(toEnd(session, status));
  }
  await retryLost(() => noteStatuses(needs.db, news, now));
  await keepOutputs(needs.db, news.flatMap(toOutput), now);
  return { ended: await endAll(needs, sessions, ends, now), stops };
}

function isLost({ missed_polls: missed, missed_since: since }: RunningSession, now: Date): boolean {
  if (missed + 1 < maxMissedPolls || since === null) return false;
  return now.getTime() - since.getTime() >= missedSeconds * 1000;
}

function toLostEnd({ engine }: PickNeeds, session: RunningSession, endedAt: Date): SessionEnd {
  const message = `The engine ${engine.name} does not know the run any more`;
  const error = { code: "RUN_LOST", message, step: null };
  const state = isStopRequest(session.stop_reason) ? "canceled" : "failed";
  return { id: session.id, leaseToken: session.lease_token, from: "running", state, endedAt, error };
}

function toOutput({ session, status }: RunNews) {
  if (status?.state !== "running" || status.output === null) return [];
  return [{ id: session.id, leaseToken: session.lease_token, output: status.output }];
}

/** Asks the engine at every poll until the runs have ended: the first ask may have been lost. */
async function stopAll({ db, clock, engine }: PickNeeds, stops: readonly Stop[]): Promise<void> {
  const now = clock.now();
  const fresh = Map.groupBy(
    stops.filter(({ session }) => session.stop_reason === null),
    ({ reason }) => reason,
  );
  for (const [reason, stopped] of fresh) {
    const ids = stopped.map(({ session }) => session.id);
    await retryLost(() => requestStops(db, ids, { now, by: "scheduler", reason }));
  }
  const isOld = ({ session }: Stop) =>
    now.getTime() - (session.stop_requested ?? now).getTime() > stopPatienceSeconds * 1000;
  const toRunIds = (some: readonly Stop[]) => some.map(({ session }) => session.run_id);
  await engine.cancel(toRunIds(stops.filter((stop) => !isOld(stop))));
  await engine.cancel(toRunIds(stops.filter(isOld)), { force: true });
}

async function endAll(
  needs: PickNeeds,
  sessions: readonly RunningSession[],
  ends: readonly SessionEnd[],
  now: Date,
): Promise<number> {
  const { ended, retrying } = await endSessions(needs.db, ends, { at: now, actor: "scheduler" });
  countEnds(needs.metrics, ended);
  const ours = new Set([...ended.map(({ id }) => id), ...retrying]);
  const runs = new Map(sessions.map(({ id, run_id }) => [id, run_id]));
  for (const { id } of ends) {
    // What was not written is asked for again, unless another process has the session: then it is found to be lost.
    if (ours.has(id)) needs.engine.forget(runs.get(id) ?? "");
    else noteLostLease(needs, { id }, "poll");
  }
  return ours.size;
}

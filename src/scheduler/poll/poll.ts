import { retryLost } from "../../platform/database/transaction.ts";
import { endSessions } from "../../sessions/ends.ts";
import { keepOutputs } from "../../sessions/log/queries.ts";
import { requestStops } from "../../sessions/queries.ts";
import type { StopReason } from "../../sessions/stop.ts";
import type { EngineContext } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { reportLostLease } from "../renew/leases.ts";
import { classifyRun, type PolledRun } from "./classify.ts";
import { endLostRuns } from "./lost-runs.ts";
import { listRunning, type RunningSession, updateStatuses } from "./queries.ts";
import { endSecondRuns } from "./second-runs.ts";

/** A run that goes on this long after it was asked to end is given up. */
const stopPatienceSeconds = 5 * 60;

/** One turn: runs that were asked about, sessions that ended, runs that were asked to end. */
export interface PollSummary {
  readonly polled: number;
  readonly ended: number;
  readonly stopped: number;
}

/** Asks the engine about every run that this process holds, page by page, and writes what has changed. */
export async function poll(context: EngineContext, signal: AbortSignal): Promise<PollSummary> {
  await endLostRuns(context);
  const sum = { polled: 0, ended: 0 };
  const stops: Stop[] = [];
  for await (const sessions of context.rowPages("poll", context.engine, (range) => listRunning(context, range))) {
    const runs = await askStatuses(context, await endSecondRuns(context, sessions));
    await recordProgress(context, runs);
    sum.ended += await recordEnds(context, runs);
    sum.polled += runs.length;
    stops.push(...runs.flatMap(toStop));
    // Checked after the first page: however long the turn has taken, each turn polls some runs.
    if (signal.aborted) break;
  }
  // Last: an engine that does not answer a cancel must not delay the statuses of other runs.
  await stopRuns(context, stops);
  return { ...sum, stopped: stops.length };
}

async function askStatuses(
  { engine, clock }: EngineContext,
  sessions: readonly RunningSession[],
): Promise<PolledRun[]> {
  const statuses = await engine.status(sessions.map(({ run_id }) => run_id));
  const now = clock.now();
  return sessions.map((session) => classifyRun(engine, session, statuses.get(session.run_id), now));
}

/** Stores statuses, missed polls and outputs of runs that go on. */
async function recordProgress({ db, clock }: EngineContext, runs: readonly PolledRun[]): Promise<void> {
  const now = clock.now();
  const reports = runs.flatMap(({ session, next }) =>
    next.step === "end" ? [] : [{ session, status: next.step === "continue" ? next.status : null }],
  );
  await retryLost(() => updateStatuses(db, reports, now));
  const outputs = reports.flatMap(({ session, status }) =>
    status?.state === "running" && status.output !== null
      ? [{ id: session.id, leaseToken: session.lease_token, output: status.output }]
      : [],
  );
  await keepOutputs(db, outputs, now);
}

/** @returns how many sessions were ended or wait for their next attempt */
async function recordEnds(context: EngineContext, runs: readonly PolledRun[]): Promise<number> {
  const ending = runs.flatMap(({ session, next }) => (next.step === "end" ? [{ session, end: next.end }] : []));
  const by = { at: context.clock.now(), actor: "scheduler" };
  const { ended, retrying } = await endSessions(
    context.db,
    ending.map(({ end }) => end),
    by,
  );
  countEnds(context.metrics, ended);
  const recorded = new Set([...ended.map(({ id }) => id), ...retrying]);
  for (const { session } of ending) {
    // An end that was not recorded is polled again, unless another process has the session: then its run is lost here.
    if (recorded.has(session.id)) context.engine.forget(session.run_id);
    else reportLostLease(context, session, "poll");
  }
  return recorded.size;
}

interface Stop {
  readonly session: RunningSession;
  readonly reason: StopReason;
}

function toStop({ session, next }: PolledRun): Stop[] {
  return next.step === "continue" && next.stop !== null ? [{ session, reason: next.stop }] : [];
}

/** Asks the engine to end runs, at every poll until they have ended: an earlier request may have been lost. */
async function stopRuns({ db, clock, engine }: EngineContext, stops: readonly Stop[]): Promise<void> {
  const now = clock.now();
  const unrecorded = Map.groupBy(
    stops.filter(({ session }) => session.stop_reason === null),
    ({ reason }) => reason,
  );
  for (const [reason, stopped] of unrecorded) {
    const ids = stopped.map(({ session }) => session.id);
    await retryLost(() => requestStops(db, ids, { now, by: "scheduler", reason }));
  }
  const isOverdue = ({ session }: Stop) =>
    now.getTime() - (session.stop_requested ?? now).getTime() > stopPatienceSeconds * 1000;
  const toRunIds = (some: readonly Stop[]) => some.map(({ session }) => session.run_id);
  await engine.cancel(toRunIds(stops.filter((stop) => !isOverdue(stop))));
  await engine.cancel(toRunIds(stops.filter(isOverdue)), { force: true });
}

import type { RunError } from "../../engines/engine.ts";
import { retryLost } from "../../platform/database/transaction.ts";
import { endSessions, type SessionEnd } from "../../sessions/ends.ts";
import { type Fence, type Move, moveSessions } from "../../sessions/moves.ts";
import { canceledError, replacedError, type StopReason } from "../../sessions/stop.ts";
import type { EngineContext } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { reportLostLease } from "../renew/leases.ts";
import type { AnsweredLaunch } from "./ask.ts";
import { findStopReasons } from "./queries.ts";

/** What became of a claimed session. */
export type Launched = "launched" | "failed" | "canceled" | "unknown" | "requeued" | "lost";

/** Writes the engine's answers, in a handful of statements for all of them. */
export async function confirmLaunches(
  context: EngineContext,
  launches: readonly AnsweredLaunch[],
): Promise<Launched[]> {
  const { engine, metrics } = context;
  const by = { at: context.clock.now(), actor: "scheduler" };
  for (const { outcome } of launches) metrics.launches.inc({ engine: engine.name, outcome: outcome.outcome });
  const moves = launches.flatMap((launch) => toMove(launch, by.at));
  const moved = new Set((await retryLost(() => moveSessions(context.db, moves, by))).map(({ id }) => id));
  const isMoved = ({ fence }: AnsweredLaunch) => moved.has(fence.id);
  const adopted = launches.filter((launch) => "isAdopted" in launch.outcome && isMoved(launch));
  metrics.runsAdopted.inc({ engine: engine.name }, adopted.length);
  const ends = await toEnds(
    context,
    launches.filter((launch) => !isMoved(launch)),
  );
  const ended = await endClaimed(context, ends);
  return Promise.all(
    launches.map((launch) => {
      if (isMoved(launch)) return launchedByOutcome[launch.outcome.outcome];
      return ended.get(launch.fence.id) ?? loseRun(context, launch);
    }),
  );
}

/**
 * Ends claimed sessions.
 *
 * @returns what became of each, by session
 */
export async function endClaimed(
  context: EngineContext,
  ends: readonly SessionEnd[],
): Promise<ReadonlyMap<string, Launched>> {
  const by = { at: context.clock.now(), actor: "scheduler" };
  const { ended, retrying } = await endSessions(context.db, ends, by);
  countEnds(context.metrics, ended);
  const results = new Map<string, Launched>(retrying.map((id) => [id, "failed"]));
  for (const { id, state } of ended) results.set(id, state === "canceled" ? "canceled" : "failed");
  for (const end of ends) if (!results.has(end.id)) results.set(end.id, reportLostLease(context, end, "launch"));
  return results;
}

/** The end of a claimed session that was refused before its launch, or by its engine. */
export function toFailure({ clock }: EngineContext, fence: Fence, error: RunError): SessionEnd {
  return { ...fence, from: "claimed", state: "failed", endedAt: clock.now(), error };
}

/** The end of a claimed session that has a stop request. */
export function toCancel({ clock }: EngineContext, fence: Fence, reason: StopReason): SessionEnd {
  const error = reason === "replaced" ? replacedError : canceledError;
  return { ...fence, from: "claimed", state: "canceled", endedAt: clock.now(), error };
}

/** Ends for sessions that were not moved: refused launches, and launches that returned no run while a stop was requested. */
async function toEnds(context: EngineContext, launches: readonly AnsweredLaunch[]): Promise<SessionEnd[]> {
  const returned = launches.filter(({ outcome }) => !["launched", "unclear", "refused"].includes(outcome.outcome));
  const reasons = await findStopReasons(
    context.db,
    returned.map(({ fence }) => fence.id),
  );
  return launches.flatMap(({ fence, outcome }) => {
    const reason = reasons.get(fence.id);
    if (reason !== undefined) return [toCancel(context, fence, reason)];
    return outcome.outcome === "refused" ? [toFailure(context, fence, outcome.error)] : [];
  });
}

const launchedByOutcome = {
  refused: "failed",
  launched: "launched",
  unclear: "unknown",
  late: "requeued",
  not_ready: "requeued",
  unreachable: "requeued",
} as const;

function toMove({ fence, created, outcome }: AnsweredLaunch, at: Date): Move[] {
  const requeue = { ...fence, from: "claimed", to: "pending" } as const;
  switch (outcome.outcome) {
    case "launched":
      return [
        { ...fence, from: "claimed", to: "running", cause: "launched", runId: outcome.runId, runStatus: "launched" },
      ];
    case "unclear":
      return [{ ...fence, from: "claimed", to: "unknown", cause: "launch_unclear", message: outcome.message }];
    case "late":
      return [{ ...requeue, cause: "launch_late" }];
    case "not_ready": {
      const { code, message } = outcome.error;
      const runAfter = inSeconds(at, notReadyPauseSeconds);
      return [{ ...requeue, cause: code.toLowerCase(), message, runAfter, notReadySince: at }];
    }
    case "unreachable": {
      const runAfter = inSeconds(at, toUnreachablePause((at.getTime() - created.getTime()) / 1000));
      return [{ ...requeue, cause: "engine_unreachable", message: outcome.message, runAfter }];
    }
    case "refused":
      return [];
    default:
      return outcome satisfies never;
  }
}

/** Before an engine that answered `not_ready` is asked again for the same session. */
const notReadyPauseSeconds = 10;

/** A tenth of the session's age, from 5 seconds to a minute: it may wait for hours, and each try adds two lines to its history. */
function toUnreachablePause(ageSeconds: number): number {
  return Math.min(60, Math.max(5, ageSeconds / 10));
}

function inSeconds(at: Date, seconds: number): Date {
  return new Date(at.getTime() + seconds * 1000);
}

/** The new holder of the session finds a durable run. A run in this process must end: no other process could see it. */
async function loseRun(context: EngineContext, { fence, outcome }: AnsweredLaunch): Promise<Launched> {
  const { engine } = context;
  if (outcome.outcome === "launched" && !engine.durable) {
    await engine.cancel([outcome.runId]);
    engine.forget(outcome.runId);
  }
  return reportLostLease(context, fence, "launch");
}

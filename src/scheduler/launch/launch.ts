import type { EngineRun, LaunchOutcome, LaunchRequest, RunError } from "../../engines/engine.ts";
import { type StoragesForRuns, toRunStorage } from "../../engines/run-storage.ts";
import type { RunStorage } from "../../kinds/kind.ts";
import { requireKind } from "../../kinds/kinds.ts";
import { retryLost } from "../../platform/database/transaction.ts";
import { endSessions, type SessionEnd } from "../../sessions/ends.ts";
import { type Fence, type Move, moveSessions } from "../../sessions/moves.ts";
import type { StopReason } from "../../sessions/stop.ts";
import { canceledError, replacedError } from "../../sessions/stop.ts";
import type { PickNeeds } from "../context.ts";
import { countEnds } from "../metrics.ts";
import type { Claim } from "../pick/pick.ts";
import { noteLostLease } from "../renew/leases.ts";
import { createGathering } from "./gathering.ts";
import { beginLaunches, findStopReasons, type Prepared } from "./queries.ts";

export interface LaunchNeeds extends PickNeeds {
  readonly storages: StoragesForRuns;
}

/** What became of claimed sessions. */
export type Launched = "launched" | "failed" | "canceled" | "unknown" | "requeued" | "lost";

/**
 * Brings claimed sessions to their engine. Three steps for all of them together, and after each the process may die: what is
 * not marked as begun is picked again; what is marked and not confirmed is in doubt (see sweep.ts). The engine is never
 * called in a transaction, and one session's launch that hangs holds up the confirmation of no other.
 */
export async function launchAll(needs: LaunchNeeds, claims: readonly Claim[]): Promise<Launched[]> {
  if (claims.length === 0) return [];
  const begunAt = performance.now();
  const { ready, refused } = await prepareAll(needs, claims);
  const begun = await retryLost(() => beginLaunches(needs.db, ready, needs.clock.now()));
  const unwanted = ready.flatMap(({ fence }) => {
    const reason = begun.get(fence.id) ?? null;
    return reason === null ? [] : [toCancel(needs, fence, reason)];
  });
  const lost = ready
    .filter(({ fence }) => !begun.has(fence.id))
    .map(({ fence }) => noteLostLease(needs, fence, "launch"));
  const wanted = ready.filter(({ fence }) => begun.get(fence.id) === null);
  // Beside each other: an end that cannot be written must not keep the others from being launched.
  const [launched, ended] = await Promise.all([
    askEngine(needs, wanted, begunAt),
    endClaimed(needs, [...refused, ...unwanted]),
  ]);
  return [...ended.values(), ...lost, ...launched];
}

async function prepareAll(needs: LaunchNeeds, claims: readonly Claim[]) {
  const ready: Prepared[] = [];
  const refused: SessionEnd[] = [];
  const read = claims.map((claim) => ({ claim, fence: toFence(claim), plan: readParams(needs, claim) }));
  const storageIds = new Set(read.flatMap(({ plan }) => plan?.storageId ?? []));
  const storages = storageIds.size === 0 ? new Map() : await needs.storages.findStoragesForRuns([...storageIds]);
  for (const { claim, fence, plan } of read) {
    if (plan === null) refused.push(toFailure(needs, fence, unreadableError));
    else {
      const storage = plan.storageId === null ? null : toRunStorage(plan.storageId, storages.get(plan.storageId));
      if (storage !== null && "code" in storage) refused.push(toFailure(needs, fence, storage));
      else ready.push(toPrepared(claim, fence, toRequest(claim, plan, storage)));
    }
  }
  return { ready, refused };
}

function toFence({ session }: Claim): Fence {
  return { id: session.id, leaseToken: session.lease_token };
}

function toPrepared({ session }: Claim, fence: Fence, request: LaunchRequest): Prepared {
  const { created, not_ready_since: notReadySince, is_doubtful: isDoubtful } = session;
  return { fence, request, created, notReadySince, isDoubtful };
}

type Plan = NonNullable<ReturnType<typeof readParams>>;

/** Null for what another version of EOM has written: one such schedule must not keep the others of its batch from starting. */
function readParams({ log }: LaunchNeeds, { session, schedule }: Claim) {
  try {
    const kind = requireKind(session.kind);
    const params = kind.params.parse(schedule.params);
    return { kind, params, storageId: kind.findStorageId(params) };
  } catch (error) {
    log.error({ session_id: session.id, err: error }, "the parameters of a schedule cannot be read");
    return null;
  }
}

const unreadableError: RunError = {
  code: "PARAMS_UNREADABLE",
  message: "This version of EOM cannot read the schedule's kind or params: nothing was launched",
  step: null,
};

function toRequest({ session, schedule }: Claim, { kind, params }: Plan, storage: RunStorage | null): LaunchRequest {
  const context = {
    sessionId: session.id,
    scheduleId: session.schedule_id,
    scheduleName: session.schedule_name,
    attempt: session.attempt,
    slot: session.slot,
    dataIntervalStart: session.data_interval_start,
    storage,
  };
  return {
    ...context,
    kind: session.kind,
    job: schedule.job,
    runConfig: kind.toRunConfig(params, context),
    runConfigOf: kind.runConfigOf,
    tags: kind.toTags(params),
  };
}

interface Answer {
  readonly session: Prepared;
  /** `late`: the engine was not asked. */
  readonly outcome: LaunchOutcome | { readonly outcome: "late" };
}

/**
 * How long an engine may answer that it cannot launch a session yet, before that is final: as long as a code location may take
 * to be loaded anew.
 */
const graceSeconds = 5 * 60;

/** Before it is asked again, for the same session. */
const notReadyPauseSeconds = 10;

/** A tenth of the session's age, from 5 seconds to a minute: it may wait for hours, and each try is two lines of its history. */
function toUnreachablePause(ageSeconds: number): number {
  return Math.min(60, Math.max(5, ageSeconds / 10));
}

/**
 * Half of a lease. Who comes to a launch later than that, after a stand-still or behind many others, leaves it: the lease may be
 * over before the answer comes, and another process would launch the session too.
 */
const mostDelaySeconds = 30;

/** All at once. What one of the launches throws is logged and leaves the others alone. */
async function askEngine(needs: LaunchNeeds, prepared: readonly Prepared[], begunAt: number): Promise<Launched[]> {
  const confirm = createGathering((answers: readonly Answer[]) => confirmAll(needs, answers));
  const appeared = await findAppeared(needs, prepared);
  const launches = await Promise.allSettled(
    prepared.map(async (session) => {
      const isLate = performance.now() - begunAt > mostDelaySeconds * 1000;
      const known = appeared.get(session.fence.id) ?? (isLate ? { outcome: "late" as const } : null);
      const outcome = known ?? (await needs.engine.launch(session.request));
      return confirm({ session, outcome: judge(needs, session, outcome) });
    }),
  );
  return launches.flatMap((launch, index) => {
    if (launch.status === "fulfilled") return [launch.value];
    const id = prepared[index]?.fence.id;
    needs.log.error({ session_id: id, err: launch.reason }, "session could not be launched");
    return [];
  });
}

/**
 * The runs of those that were launched before, without a clear answer, and were not found then: a run may have appeared since.
 * Who cannot look may not launch either.
 */
async function findAppeared(
  { engine, log }: LaunchNeeds,
  prepared: readonly Prepared[],
): Promise<ReadonlyMap<string, LaunchOutcome>> {
  const doubtful = prepared.filter(({ isDoubtful }) => isDoubtful);
  if (doubtful.length === 0) return new Map();
  const attempts = doubtful.map(({ request: { sessionId, attempt } }) => ({ sessionId, attempt }));
  try {
    const found = await engine.listRuns(attempts);
    const known = attempts.flatMap(({ sessionId }, index) => {
      const outcome = toAppeared(found[index] ?? null);
      return outcome === null ? [] : [[sessionId, outcome] as const];
    });
    return new Map(known);
  } catch (error) {
    log.warn({ engine: engine.name, err: error }, "the runs of earlier launches could not be looked for");
    return new Map(attempts.map(({ sessionId }) => [sessionId, unseen]));
  }
}

const unseen: LaunchOutcome = {
  outcome: "unreachable",
  message: "An earlier launch had no clear answer, and its run could not be looked for",
};

/** @param runs null where they could not be looked for @returns null where there is none, so that one may be launched */
function toAppeared(runs: readonly EngineRun[] | null): LaunchOutcome | null {
  if (runs === null) return unseen;
  const run = runs.find(({ isSubmitted }) => isSubmitted);
  return run === undefined ? null : { outcome: "launched", runId: run.runId, isFound: true };
}

/** What is not ready for longer than the grace is refused. */
function judge({ clock }: LaunchNeeds, { notReadySince }: Prepared, outcome: Answer["outcome"]): Answer["outcome"] {
  if (outcome.outcome !== "not_ready" || notReadySince === null) return outcome;
  const seconds = (clock.now().getTime() - notReadySince.getTime()) / 1000;
  return seconds > graceSeconds ? { outcome: "refused", error: outcome.error } : outcome;
}

/** Writes down what the engine said, for all that have an answer by now. */
async function confirmAll(needs: LaunchNeeds, answers: readonly Answer[]): Promise<Launched[]> {
  const by = { at: needs.clock.now(), actor: "scheduler" };
  for (const { outcome } of answers)
    needs.metrics.launches.inc({ engine: needs.engine.name, outcome: outcome.outcome });
  const moves = answers.flatMap((answer) => toMove(answer, by.at));
  const moved = await retryLost(() => moveSessions(needs.db, moves, by));
  const isMoved = new Set(moved.map(({ id }) => id));
  const found = answers.filter(({ session, outcome }) => "isFound" in outcome && isMoved.has(session.fence.id));
  needs.metrics.runsAdopted.inc({ engine: needs.engine.name }, found.length);
  const left = answers.filter(({ session }) => !isMoved.has(session.fence.id));
  const ended = await endClaimed(needs, await toEnds(needs, left));
  return Promise.all(
    answers.map(({ session: { fence }, outcome }) => {
      if (isMoved.has(fence.id)) return toLaunched[outcome.outcome];
      return ended.get(fence.id) ?? loseRun(needs, fence, outcome);
    }),
  );
}

/** Of those that were not moved: what was refused, and what came back without a run while somebody wanted it to end. */
async function toEnds(needs: LaunchNeeds, left: readonly Answer[]): Promise<SessionEnd[]> {
  const returned = left.filter(({ outcome }) => !["launched", "unclear", "refused"].includes(outcome.outcome));
  const reasons = await findStopReasons(
    needs.db,
    returned.map(({ session }) => session.fence.id),
  );
  return left.flatMap(({ session: { fence }, outcome }) => {
    const reason = reasons.get(fence.id);
    if (reason !== undefined) return [toCancel(needs, fence, reason)];
    return outcome.outcome === "refused" ? [toFailure(needs, fence, outcome.error)] : [];
  });
}

const toLaunched = {
  refused: "failed",
  launched: "launched",
  unclear: "unknown",
  late: "requeued",
  not_ready: "requeued",
  unreachable: "requeued",
} as const;

function toMove({ session: { fence, created }, outcome }: Answer, at: Date): Move[] {
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

function inSeconds(at: Date, seconds: number): Date {
  return new Date(at.getTime() + seconds * 1000);
}

/** A durable run is found by whoever has the session now. Of one that lives here, nobody else would ever know. */
async function loseRun(needs: LaunchNeeds, fence: Fence, outcome: Answer["outcome"]): Promise<Launched> {
  if (outcome.outcome === "launched" && !needs.engine.durable) {
    await needs.engine.cancel([outcome.runId]);
    needs.engine.forget(outcome.runId);
  }
  return noteLostLease(needs, fence, "launch");
}

/** By session, what became of it. */
async function endClaimed(needs: LaunchNeeds, ends: readonly SessionEnd[]): Promise<ReadonlyMap<string, Launched>> {
  const { ended, retrying } = await endSessions(needs.db, ends, { at: needs.clock.now(), actor: "scheduler" });
  countEnds(needs.metrics, ended);
  const fates = new Map<string, Launched>(retrying.map((id) => [id, "failed"]));
  for (const { id, state } of ended) fates.set(id, state === "canceled" ? "canceled" : "failed");
  for (const end of ends) if (!fates.has(end.id)) fates.set(end.id, noteLostLease(needs, end, "launch"));
  return fates;
}

function toFailure({ clock }: LaunchNeeds, fence: Fence, error: RunError): SessionEnd {
  return { ...fence, from: "claimed", state: "failed", endedAt: clock.now(), error };
}

function toCancel({ clock }: LaunchNeeds, fence: Fence, reason: StopReason): SessionEnd {
  const error = reason === "replaced" ? replacedError : canceledError;
  return { ...fence, from: "claimed", state: "canceled", endedAt: clock.now(), error };
}

import type { Engine } from "../../engines/engine.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { endSessionsIn } from "../../sessions/ends.ts";
import type { StepContext } from "../context.ts";
import { countEnd } from "../metrics.ts";
import { returnLaunches, takeLaunches } from "./launch-rate.ts";
import { type Candidate, decideOverlap, type OverlapDecision, type Skip } from "./overlap.ts";
import {
  type ClaimedSession,
  claimSessions,
  countRuns,
  listDeletedSchedules,
  listOccupied,
  lockCandidates,
  lockPickedSchedules,
  type PickedSchedule,
  queueSessions,
  rerouteSessions,
  skipSessions,
} from "./queries.ts";
import { replaceSessions } from "./replace.ts";
import { createRoom, toPlaces } from "./room.ts";

/** A process and the engine that it picks for. */
export type PickContext = StepContext & { readonly engine: Engine };

/** A session that this process has leased, to be launched, with its schedule as it was at the claim. */
export interface Claim {
  readonly session: ClaimedSession;
  readonly schedule: PickedSchedule;
}

/** The outcome of one transaction of pick. */
export interface Picked {
  readonly claims: readonly Claim[];
  /** Due sessions that were skipped because another session of their schedule is under way. */
  readonly skipped: number;
  /** Due sessions that now wait for another session of their schedule. */
  readonly queued: number;
  /** The engine had no room at all, so no session was considered. */
  readonly isFull: boolean;
}

const nothing: Picked = { claims: [], skipped: 0, queued: 0, isFull: false };

const maxCandidates = 500;
/** More than there may be room for: overlap policies leave some candidates out. */
const minCandidates = 50;

/**
 * Claims due sessions, at most as many as the engine has room for and may be asked to start now, in one short transaction.
 * The claims are to be launched at once; if this process dies before, their leases expire and a sweep requeues them.
 *
 * @param launching sessions of this process that are on their way to the engine, which may not count them yet
 */
export async function pick(context: PickContext, launching = 0): Promise<Picked> {
  const { db, engine } = context;
  const launches = engine.room() - launching;
  if (launches <= 0) return { ...nothing, isFull: true };
  const now = context.clock.now();
  const places = toPlaces(engine, context.lease.owner);
  const picked = await inTransaction(db, async (tx) => {
    const limit = toCandidateLimit(launches);
    const candidates = await lockCandidates(tx, engine.name, now, { limit, places });
    const granted = await takeLaunches(tx, engine, Math.min(launches, candidates.length));
    if (granted === 0) return nothing;
    const room = createRoom(places, granted, await countRuns(tx, engine.name, places));
    const schedules = await lockSchedules(tx, candidates);
    const own = await reroute(tx, engine, candidates, schedules);
    await endOrphans(
      tx,
      candidates.filter(({ schedule_id }) => !schedules.has(schedule_id)),
      now,
    );
    const decision = decideOverlap(own, schedules, await listOccupied(tx, listRestricted(schedules)), room);
    await returnLaunches(tx, engine, granted - decision.claim.length);
    await applyDecision(tx, decision, now);
    const claims = await claim(tx, context, decision, schedules, now);
    return { claims, skipped: decision.skip.length, queued: decision.queue.length, isFull: false };
  });
  countEnd(context.metrics, "skipped", picked.skipped);
  return picked;
}

function toCandidateLimit(launches: number): number {
  return Math.min(maxCandidates, Math.max(minCandidates, 4 * launches));
}

async function lockSchedules(
  tx: DatabaseTransaction,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, PickedSchedule>> {
  const ids = [...new Set(candidates.map((candidate) => candidate.schedule_id))];
  return new Map((await lockPickedSchedules(tx, ids)).map((schedule) => [schedule.id, schedule]));
}

/**
 * Passes sessions on whose schedule names another engine by now.
 *
 * @returns the candidates that still belong to this engine
 */
async function reroute(
  tx: DatabaseTransaction,
  { name }: Engine,
  candidates: readonly Candidate[],
  schedules: ReadonlyMap<string, PickedSchedule>,
): Promise<Candidate[]> {
  const moved = candidates.flatMap(({ id, schedule_id }) => {
    const engine = schedules.get(schedule_id)?.engine ?? name;
    return engine === name ? [] : [{ id, engine }];
  });
  await rerouteSessions(tx, moved);
  const movedIds = new Set(moved.map(({ id }) => id));
  return candidates.filter(({ id }) => !movedIds.has(id));
}

/** Ends sessions that returned to the queue while their schedule was deleted: no worker would ever start them. */
async function endOrphans(tx: DatabaseTransaction, missing: readonly Candidate[], now: Date): Promise<void> {
  const deleted = new Set(await listDeletedSchedules(tx, [...new Set(missing.map(({ schedule_id }) => schedule_id))]));
  const error = { code: "SCHEDULE_DELETED", message: "The schedule was deleted before it was launched", step: null };
  await endSessionsIn(
    tx,
    missing
      .filter(({ schedule_id }) => deleted.has(schedule_id))
      .map(({ id, lease_token, state }) => ({
        id,
        leaseToken: lease_token,
        from: state,
        state: "canceled",
        endedAt: now,
        error,
      })),
    { at: now, actor: "scheduler" },
  );
}

/** Schedules whose policy depends on what is under way; `overlap: allow` does not. */
function listRestricted(schedules: ReadonlyMap<string, PickedSchedule>): string[] {
  return [...schedules.values()].filter(({ policy }) => policy.overlap !== "allow").map(({ id }) => id);
}

const skipMessages: Readonly<Record<Skip["because"], string>> = {
  running: "Another session of the schedule was under way; by the overlap policy this one was skipped",
  waiting:
    "The session of the schedule before it waited for room in the engine, or for a worker, when this one was due; by the overlap policy this one was skipped",
  newer: "A newer session of the schedule took its place; by the overlap policy this one was skipped",
};

/** Writes the decision for the sessions that do not start now. */
async function applyDecision(
  tx: DatabaseTransaction,
  { skip, queue, replace }: OverlapDecision<Candidate>,
  now: Date,
): Promise<void> {
  const skips = skip.map(({ id, because }) => ({ id, message: skipMessages[because] }));
  await skipSessions(tx, skips, { now, actor: "scheduler", reason: "overlap" });
  await queueSessions(tx, queue);
  await replaceSessions(tx, replace, now);
}

async function claim(
  tx: DatabaseTransaction,
  { lease }: PickContext,
  decision: OverlapDecision<Candidate>,
  schedules: ReadonlyMap<string, PickedSchedule>,
  now: Date,
): Promise<Claim[]> {
  if (decision.claim.length === 0) return [];
  const sessions = await claimSessions(tx, decision.claim, { now, owner: lease.owner, leaseSeconds: lease.seconds });
  return sessions.flatMap((session) => {
    const schedule = schedules.get(session.schedule_id);
    return schedule === undefined ? [] : [{ session, schedule }];
  });
}

import type { Engine } from "../../engines/engine.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { endSessionsIn } from "../../sessions/ends.ts";
import type { PickNeeds } from "../context.ts";
import { countEnd } from "../metrics.ts";
import { giveBackLaunches, takeLaunches } from "./launch-rate.ts";
import { type Candidate, type Decided, decideOverlap } from "./overlap.ts";
import {
  type ClaimedSession,
  claimSessions,
  listGoneSchedules,
  listOccupied,
  lockCandidates,
  lockPickedSchedules,
  type PickedSchedule,
  queueSessions,
  rerouteSessions,
  skipSessions,
} from "./queries.ts";
import { replaceSessions } from "./replace.ts";

/** A session of ours to launch, with its schedule as it was when it was claimed. */
export interface Claim {
  readonly session: ClaimedSession;
  readonly schedule: PickedSchedule;
}

export interface Picked {
  readonly claims: readonly Claim[];
  /** Due sessions that were not claimed because another one of their schedule is under way. */
  readonly skipped: number;
  /** Due sessions that wait for another one of their schedule. */
  readonly queued: number;
  /** The engine had no room for a single one, so nobody looked. */
  readonly isFull: boolean;
}

const nothing: Picked = { claims: [], skipped: 0, queued: 0, isFull: false };

const mostCandidates = 500;
/** More than there is room for: some are left out by their policies. */
const leastCandidates = 50;

/**
 * Claims sessions that are due, at most as many as the engine has room for and may be asked to begin now, in one short
 * transaction. What it returns is to be launched; if we die before, the lease runs out and another process finds them.
 *
 * @param launching sessions of this process that are on their way to the engine, which may not count them yet
 */
export async function pick(needs: PickNeeds, launching = 0): Promise<Picked> {
  const { db, engine } = needs;
  const room = engine.room() - launching;
  if (room <= 0) return { ...nothing, isFull: true };
  const now = needs.clock.now();
  const picked = await inTransaction(db, async (tx) => {
    const candidates = await lockCandidates(tx, engine.name, now, toCandidates(room));
    const granted = await takeLaunches(tx, engine, Math.min(room, candidates.length));
    if (granted === 0) return nothing;
    const schedules = await lockSchedules(tx, candidates);
    const here = await reroute(tx, engine, candidates, schedules);
    await endOrphans(
      tx,
      candidates.filter(({ schedule_id }) => !schedules.has(schedule_id)),
      now,
    );
    const decided = decideOverlap(here, schedules, await listOccupied(tx, listBound(schedules)), granted);
    await giveBackLaunches(tx, engine, granted - decided.claim.length);
    await settle(tx, decided, now);
    const claims = await claim(tx, needs, { decided, schedules, now });
    return { claims, skipped: decided.skip.length, queued: decided.queue.length, isFull: false };
  });
  countEnd(needs.metrics, "skipped", picked.skipped);
  return picked;
}

function toCandidates(room: number): number {
  return Math.min(mostCandidates, Math.max(leastCandidates, 4 * room));
}

async function lockSchedules(
  tx: DatabaseTransaction,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, PickedSchedule>> {
  const ids = [...new Set(candidates.map((candidate) => candidate.schedule_id))];
  return new Map((await lockPickedSchedules(tx, ids)).map((schedule) => [schedule.id, schedule]));
}

/** @returns those that are still this engine's */
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
  const elsewhere = new Set(moved.map(({ id }) => id));
  return candidates.filter(({ id }) => !elsewhere.has(id));
}

/** Sessions that came back to wait while their schedule was deleted: nobody would ever start them. */
async function endOrphans(tx: DatabaseTransaction, missing: readonly Candidate[], now: Date): Promise<void> {
  const gone = new Set(await listGoneSchedules(tx, [...new Set(missing.map(({ schedule_id }) => schedule_id))]));
  const error = { code: "SCHEDULE_DELETED", message: "The schedule was deleted before it was launched", step: null };
  await endSessionsIn(
    tx,
    missing
      .filter(({ schedule_id }) => gone.has(schedule_id))
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

/** Where overlap is allowed, nobody need ask what is under way. */
function listBound(schedules: ReadonlyMap<string, PickedSchedule>): string[] {
  return [...schedules.values()].filter(({ policy }) => policy.overlap !== "allow").map(({ id }) => id);
}

/** What the decision means to those that do not start. */
async function settle(tx: DatabaseTransaction, { skip, queue, replace }: Decided<Candidate>, now: Date): Promise<void> {
  const message = "Another session of the schedule was under way or took its place, and the policy lets it go";
  await skipSessions(tx, skip, { now, actor: "scheduler", reason: "overlap", message });
  await queueSessions(tx, queue);
  await replaceSessions(tx, replace, now);
}

interface Claiming {
  readonly decided: Decided<Candidate>;
  readonly schedules: ReadonlyMap<string, PickedSchedule>;
  readonly now: Date;
}

async function claim(
  tx: DatabaseTransaction,
  needs: PickNeeds,
  { decided, schedules, now }: Claiming,
): Promise<Claim[]> {
  if (decided.claim.length === 0) return [];
  const { owner, seconds } = needs.lease;
  const options = { now, owner, leaseSeconds: seconds };
  const sessions = await claimSessions(tx, decided.claim, options);
  return sessions.flatMap((session) => {
    const schedule = schedules.get(session.schedule_id);
    return schedule === undefined ? [] : [{ session, schedule }];
  });
}

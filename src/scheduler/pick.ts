import type { Clock } from "../platform/clock.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import type { Logger } from "../platform/log.ts";
import type { Engine } from "./engines/engine.ts";
import type { LeaseSettings } from "./lease.ts";
import { countEnd, type SchedulerMetrics } from "./metrics.ts";
import {
  type Candidate,
  type ClaimedSession,
  claimSessions,
  listActiveSchedules,
  lockCandidates,
  lockPickedSchedules,
  type PickedSchedule,
  skipSessions,
} from "./pick-queries.ts";

export interface PickNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SchedulerMetrics;
  readonly engine: Engine;
  readonly lease: LeaseSettings;
}

/** A session of ours to launch, with its schedule as it was when it was claimed. */
export interface Claim {
  readonly session: ClaimedSession;
  readonly schedule: PickedSchedule;
}

export interface Picked {
  readonly claims: readonly Claim[];
  /** Due sessions that were not claimed because another one of their schedule is active. */
  readonly skipped: number;
}

const batchSize = 200;

/**
 * Claims sessions that are due, at most as many as the engine has room for, in one short transaction. What it returns is to
 * be launched; if we die before, the lease runs out and another process finds them.
 */
export async function pick(needs: PickNeeds): Promise<Picked> {
  const room = needs.engine.room();
  if (room === 0) return { claims: [], skipped: 0 };
  const now = needs.clock.now();
  const picked = await inTransaction(needs.db, async (tx) => {
    const candidates = await lockCandidates(tx, now, batchSize);
    if (candidates.length === 0) return { claims: [], skipped: 0 };
    const decided = await decide(tx, candidates, room);
    await skipSessions(tx, decided.skip, {
      now,
      actor: "scheduler",
      reason: "overlap",
      message: "Another session of the schedule was still active, and its policy is to skip",
    });
    return { claims: await claim(tx, needs, decided, now), skipped: decided.skip.length };
  });
  countEnd(needs.metrics, "skipped", picked.skipped);
  return picked;
}

interface Decided {
  readonly claim: readonly Candidate[];
  readonly skip: readonly string[];
  readonly schedules: ReadonlyMap<string, PickedSchedule>;
}

/** Overlap is decided here, in the order of the candidates; a manual session is started whatever else is active. */
async function decide(tx: DatabaseTransaction, candidates: readonly Candidate[], room: number): Promise<Decided> {
  const ids = [...new Set(candidates.map((candidate) => candidate.schedule_id))];
  const schedules = new Map((await lockPickedSchedules(tx, ids)).map((schedule) => [schedule.id, schedule]));
  const active = new Set(await listActiveSchedules(tx, [...schedules.keys()]));
  const claim: Candidate[] = [];
  const skip: string[] = [];
  for (const candidate of candidates) {
    const schedule = schedules.get(candidate.schedule_id);
    if (schedule === undefined) continue;
    // One that waits for its next attempt is itself what is active.
    const mayBeSkipped =
      candidate.cause === "slot" && candidate.state === "pending" && schedule.policy.overlap === "skip";
    if (mayBeSkipped && active.has(schedule.id)) skip.push(candidate.id);
    else if (claim.length < room) {
      claim.push(candidate);
      active.add(schedule.id);
    }
  }
  return { claim, skip, schedules };
}

async function claim(tx: DatabaseTransaction, needs: PickNeeds, decided: Decided, now: Date): Promise<Claim[]> {
  if (decided.claim.length === 0) return [];
  const { owner, seconds } = needs.lease;
  const options = { now, owner, engine: needs.engine.name, leaseSeconds: seconds };
  const sessions = await claimSessions(tx, decided.claim, options);
  return sessions.flatMap((session) => {
    const schedule = decided.schedules.get(session.schedule_id);
    return schedule === undefined ? [] : [{ session, schedule }];
  });
}

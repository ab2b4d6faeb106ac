import { retryLost } from "../platform/database/transaction.ts";
import { autoDisable } from "./auto-disable.ts";
import { fillBack } from "./backfill/tick.ts";
import { carryOutBulks } from "./bulk/tick.ts";
import { type LaunchNeeds, launchAll } from "./launch.ts";
import { pick } from "./pick.ts";
import { releaseQueued } from "./pick-queries.ts";
import { poll } from "./poll.ts";
import { type ScanNeeds, scan } from "./scan.ts";
import { createScheduleService } from "./service.ts";
import { createSessionService } from "./session-service.ts";
import { sweep } from "./sweep.ts";

export interface TickNeeds extends ScanNeeds, LaunchNeeds {}

/** What a turn has done, for people and logs. */
export type TickSummary = Readonly<Record<string, number>>;

export type Tick = (needs: TickNeeds, signal: AbortSignal) => Promise<TickSummary>;

/**
 * The table of contents of the scheduler, in the order in which a slot lives through it. Each may run in any number of
 * processes at once, and any process may die between any two statements of it.
 */
export const ticks = {
  /** Due instants become sessions. */
  scan: async (needs, signal) => ({ ...(await scan(needs, signal)) }),
  /** Slots that are over become sessions, where somebody asked for it and there is room. */
  backfill: async (needs, signal) => ({ ...(await fillBack(needs, signal)) }),
  /** One action on many objects goes on. */
  bulk: carryOut,
  /** Due sessions are claimed and brought to the engine. */
  pick: pickAndLaunch,
  /** What the engine knows of the runs is written down. */
  poll: async (needs, signal) => ({ ...(await poll(needs, signal)) }),
  /** What is over, or fails again and again, is disabled. */
  "auto-disable": async (needs, signal) => ({ ...(await autoDisable(needs, signal)) }),
  /** What a dead process left behind is taken care of. */
  sweep: async (needs, signal) => ({ ...(await sweep(needs, signal)) }),
} as const satisfies Record<string, Tick>;

export type TickName = keyof typeof ticks;

export const tickNames = Object.keys(ticks) as [TickName, ...TickName[]];

/** Who sees the summary wakes the others; the use cases need not. */
async function carryOut(needs: TickNeeds, signal: AbortSignal): Promise<TickSummary> {
  const services = { ...needs, onWork: () => {} };
  const schedules = createScheduleService(services);
  return { ...(await carryOutBulks({ ...needs, schedules, sessions: createSessionService(services) }, signal)) };
}

/** Until nothing more is due, or the engine is full. */
async function pickAndLaunch(needs: TickNeeds, signal: AbortSignal): Promise<TickSummary> {
  const sum = { claimed: 0, skipped: 0, queued: 0, launched: 0 };
  await retryLost(() => releaseQueued(needs.db));
  while (!signal.aborted) {
    const { claims, skipped, queued } = await pick(needs);
    const outcomes = await launchAll(needs, claims);
    sum.claimed += claims.length;
    sum.skipped += skipped;
    sum.queued += queued;
    sum.launched += outcomes.filter((outcome) => outcome === "launched").length;
    if (claims.length + skipped + queued === 0) break;
  }
  return sum;
}

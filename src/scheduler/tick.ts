import { fillBack } from "../backfills/fill.ts";
import { type BulkNeeds, carryOutBulks } from "../bulk/carry-out.ts";
import type { Engine } from "../engines/engine.ts";
import type { Engines } from "../engines/registry.ts";
import { retryLost } from "../platform/database/transaction.ts";
import { autoDisable } from "./auto-disable.ts";
import { type Launched, type LaunchNeeds, launchAll } from "./launch/launch.ts";
import { type Claim, pick } from "./pick/pick.ts";
import { releaseQueued } from "./pick/queries.ts";
import { poll } from "./poll/poll.ts";
import { type ScanNeeds, scan } from "./scan/scan.ts";
import { sweep } from "./sweep/sweep.ts";

export interface TickNeeds extends ScanNeeds, Omit<LaunchNeeds, "engine">, BulkNeeds {
  readonly engines: Engines;
}

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
  bulk: async (needs, signal) => ({ ...(await carryOutBulks(needs, signal)) }),
  /** Due sessions are claimed and brought to the engine. */
  pick: (needs, signal) => ofEachEngine(needs, (engine) => pickAndLaunch({ ...needs, engine }, signal)),
  /** What the engine knows of the runs is written down. */
  poll: (needs, signal) => ofEachEngine(needs, async (engine) => ({ ...(await poll({ ...needs, engine }, signal)) })),
  /** What is over, or fails again and again, is disabled. */
  "auto-disable": async (needs, signal) => ({ ...(await autoDisable(needs, signal)) }),
  /** What a dead process left behind is taken care of. */
  sweep: async (needs, signal) => ({ ...(await sweep(needs, signal)) }),
} as const satisfies Record<string, Tick>;

export type TickName = keyof typeof ticks;

export const tickNames = Object.keys(ticks) as [TickName, ...TickName[]];

/** Beside each other, and none waits for another's answers but the turn itself: loops have one engine each (workers.ts). */
async function ofEachEngine(
  { engines }: TickNeeds,
  take: (engine: Engine) => Promise<TickSummary>,
): Promise<TickSummary> {
  const outcomes = await Promise.allSettled(engines.all.map(take));
  const sum: Record<string, number> = {};
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") continue;
    for (const [name, count] of Object.entries(outcome.value)) sum[name] = (sum[name] ?? 0) + count;
  }
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return sum;
}

/**
 * Until nothing more is due, or the engine is full. The next sessions are claimed while the last ones are launched; what was
 * claimed is launched at once, for its lease runs.
 */
async function pickAndLaunch(needs: LaunchNeeds, signal: AbortSignal): Promise<TickSummary> {
  const sum = { claimed: 0, skipped: 0, queued: 0, launched: 0 };
  await retryLost(() => releaseQueued(needs.db));
  let launching: Launching = { claims: 0, outcomes: Promise.resolve([]) };
  const settle = async ({ outcomes }: Launching) => {
    sum.launched += (await outcomes).filter((outcome) => outcome === "launched").length;
  };
  try {
    while (!signal.aborted) {
      const { claims, skipped, queued, isFull } = await pick(needs, launching.claims);
      const last = launching;
      launching = startLaunching(needs, claims);
      await settle(last);
      sum.claimed += claims.length;
      sum.skipped += skipped;
      sum.queued += queued;
      // Of what was being launched, some may have been refused.
      const mayHaveRoom = isFull && last.claims > 0;
      if (claims.length + skipped + queued === 0 && !mayHaveRoom) break;
    }
  } finally {
    await settle(launching);
  }
  return sum;
}

/** Claimed sessions on their way to the engine. */
interface Launching {
  readonly claims: number;
  readonly outcomes: Promise<readonly Launched[]>;
}

function startLaunching(needs: LaunchNeeds, claims: readonly Claim[]): Launching {
  const outcomes = launchAll(needs, claims);
  // Whoever settles it hears of a failure; until then it is none that nobody handles.
  outcomes.catch(() => {});
  return { claims: claims.length, outcomes };
}

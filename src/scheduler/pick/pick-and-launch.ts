import { retryLost } from "../../platform/database/transaction.ts";
import type { EngineContext } from "../context.ts";
import { launchAll } from "../launch/launch.ts";
import { type Claim, pick } from "./pick.ts";
import { releaseQueued } from "./queries.ts";

/** Sessions of one turn. */
export interface PickSummary {
  readonly claimed: number;
  readonly skipped: number;
  readonly queued: number;
  readonly launched: number;
}

/**
 * Claims and launches until nothing more is due or the engine is full. The next batch is claimed while the last one is launched;
 * claims are launched at once, since their leases run.
 */
export async function pickAndLaunch(context: EngineContext, signal: AbortSignal): Promise<PickSummary> {
  const sum = { claimed: 0, skipped: 0, queued: 0, launched: 0 };
  await retryLost(() => releaseQueued(context.db));
  let launching = startLaunching(context, []);
  try {
    while (!signal.aborted) {
      const { claims, skipped, queued, isFull } = await pick(context, launching.claims);
      const previous = launching;
      launching = startLaunching(context, claims);
      sum.launched += await previous.launched;
      sum.claimed += claims.length;
      sum.skipped += skipped;
      sum.queued += queued;
      // The engine was full of launches under way, and may have refused some of them.
      const mayHaveRoom = isFull && previous.claims > 0;
      if (claims.length + skipped + queued === 0 && !mayHaveRoom) break;
    }
  } finally {
    sum.launched += await launching.launched;
  }
  return sum;
}

/** Claimed sessions on their way to the engine, and how many of them were launched in the end. */
interface Launching {
  readonly claims: number;
  readonly launched: Promise<number>;
}

function startLaunching(context: EngineContext, claims: readonly Claim[]): Launching {
  const launched = launchAll(context, claims).then(
    (results) => results.filter((result) => result === "launched").length,
  );
  // The failure is thrown where `launched` is awaited; until then it must not count as unhandled.
  launched.catch(() => {});
  return { claims: claims.length, launched };
}

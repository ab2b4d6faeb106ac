import { retryLost } from "../../platform/database/transaction.ts";
import type { EngineContext } from "../context.ts";
import type { Claim } from "../pick/pick.ts";
import { reportLostLease } from "../renew/leases.ts";
import { type AnsweredLaunch, askEngine } from "./ask.ts";
import { createBatcher } from "./batcher.ts";
import { confirmLaunches, endClaimed, type Launched, toCancel, toFailure } from "./confirm.ts";
import { prepareLaunches } from "./prepare.ts";
import { startLaunches } from "./queries.ts";

/**
 * Brings claimed sessions to their engine:
 *
 * ```
 *   prepare   claim  → request                    ╮ died here: the lease expires, a sweep requeues the session
 *   start     marks that a run may exist          ╯
 *   ask       the engine launches, or refuses     ╮ died here: the session is in doubt, and its run is searched
 *   confirm   writes the engine's answer          ╯
 * ```
 *
 * The engine is never called in a transaction, and a launch that hangs delays the confirmation of no other.
 */
export async function launchAll(context: EngineContext, claims: readonly Claim[]): Promise<Launched[]> {
  if (claims.length === 0) return [];
  const startedAt = performance.now();
  const { launches, refusals } = await prepareLaunches(context, claims);
  const started = await retryLost(() => startLaunches(context.db, launches, context.clock.now()));
  const lost = launches
    .filter(({ fence }) => !started.has(fence.id))
    .map(({ fence }) => reportLostLease(context, fence, "launch"));
  const canceled = launches.flatMap(({ fence }) => {
    const reason = started.get(fence.id) ?? null;
    return reason === null ? [] : [toCancel(context, fence, reason)];
  });
  const failed = refusals.map(({ fence, error }) => toFailure(context, fence, error));
  const confirm = createBatcher((answers: readonly AnsweredLaunch[]) => confirmLaunches(context, answers));
  // Concurrent: an end that cannot be written must not keep other sessions from being launched.
  const [launched, ended] = await Promise.all([
    askEngine(
      context,
      launches.filter(({ fence }) => started.get(fence.id) === null),
      startedAt,
      confirm,
    ),
    endClaimed(context, [...failed, ...canceled]),
  ]);
  return [...ended.values(), ...lost, ...launched];
}

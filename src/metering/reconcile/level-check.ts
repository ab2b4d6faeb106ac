import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { Logger } from "../../platform/log.ts";
import { updateExpiries, updateThresholds } from "../../quotas/standing/update.ts";
import type { AdmissionPolicy } from "../admission/request.ts";
import type { MeteringMetrics } from "../metrics.ts";
import { type DriftCursor, findDrift } from "./drift.ts";

/** What checking levels needs. */
export interface LevelCheckNeeds {
  readonly db: Database;
  readonly policy: AdmissionPolicy;
  readonly metrics: MeteringMetrics;
  readonly log: Logger;
}

/**
 * Checks the next levels against their ledgers, round after round, and writes their thresholds and expiry times again. Those
 * may be old in two cases: a request was admitted by the old limit while the limit changed, or a process died before it had
 * written them for all users.
 *
 * Drift is logged, and counted by the metric eom_quota_drift once a round is complete. It is never corrected here: that is
 * `eom quota reconcile --fix`.
 *
 * @returns checks up to `batchSize` levels, and returns their number
 */
export function createLevelCheck(
  { db, policy, metrics, log }: LevelCheckNeeds,
  batchSize: number,
): () => Promise<number> {
  let after: DriftCursor | null = null;
  let driftsInRound = 0;

  return async () => {
    const { drifts, checked, next } = await findDrift(db, after, batchSize);
    const isChecked = isBetween(after, next);
    await updateExpiries(db, isChecked);
    await updateThresholds(db, isChecked, policy.warningPercent);
    for (const drift of drifts) log.error({ drift }, "A level is not the sum of its ledger: run eom quota reconcile");
    driftsInRound += drifts.length;
    after = next;
    if (next === null) {
      metrics.drift.set(driftsInRound);
      driftsInRound = 0;
    }
    return checked;
  };
}

/** On eom_user_quota as `u`: the keys after `after`, up to `last`; null is no bound. */
function isBetween(after: DriftCursor | null, last: DriftCursor | null): RawBuilder<SqlBool> {
  const isBeyond = sql<SqlBool>`(u.user_id, u.type) > (${after?.user_id ?? ""}, ${after?.type ?? ""})`;
  return last === null ? isBeyond : sql`${isBeyond} and (u.user_id, u.type) <= (${last.user_id}, ${last.type})`;
}

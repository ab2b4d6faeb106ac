import { deleteOldEvents } from "../notifications/sweep.ts";
import type { Database } from "../platform/database/tables.ts";
import { deleteExpiredKeys } from "../platform/idempotency/claims.ts";
import type { Logger } from "../platform/log.ts";
import type { ClockGuard } from "../platform/worker/clock-guard.ts";
import { createLoop } from "../platform/worker/loop.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import { deleteOldSessions } from "../scheduler/sweep/old-rows.ts";
import type { TickSummary } from "../scheduler/tick.ts";
import type { SecretStore } from "../secrets/store.ts";
import { sweepSecrets } from "../secrets/sweep.ts";

const everySeconds = 30;
const maxTurnSeconds = 60;
const maxSecrets = 100;
const maxRows = 10_000;

interface RowSweepNeeds {
  readonly db: Database;
  readonly sweepQuotas: (signal: AbortSignal) => Promise<TickSummary>;
  readonly secrets: SecretStore;
  /** Days for which events, and sessions that have ended, are kept. */
  readonly retentionDays: number;
  readonly clockGuard: ClockGuard;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** The part of `sweep` that deletes rows, as a loop and as a single turn. */
export type RowSweep = ReturnType<typeof createRowSweep>;

/**
 * Deletes secrets that no row points to, expired idempotency keys, events and ended sessions older than EOM_RETENTION_DAYS, and
 * leftovers of metering. At most 100 secrets and 10,000 rows of each table in a turn. Deletes nothing while the clock is off.
 */
export function createRowSweep(needs: RowSweepNeeds) {
  const { db, sweepQuotas, secrets, retentionDays, clockGuard, log, metrics } = needs;
  async function turn(signal: AbortSignal): Promise<TickSummary> {
    if (!(await clockGuard.isRight())) return {};
    const quotas = await sweepQuotas(signal);
    const { swept, failed } = await sweepSecrets({ db, secrets, log }, maxSecrets);
    return {
      ...quotas,
      secrets: swept,
      secrets_failed: failed,
      idempotency_keys: await deleteExpiredKeys(db, maxRows),
      events: await deleteOldEvents(db, retentionDays, maxRows),
      ...(await deleteOldSessions(db, retentionDays, maxRows)),
    };
  }
  return { turn, loop: createLoop({ name: "sweep-rows", everySeconds, maxTurnSeconds, turn, log, metrics }) };
}

import { deleteOldEvents } from "../notifications/sweep.ts";
import type { Database } from "../platform/database/tables.ts";
import { deleteExpiredKeys } from "../platform/idempotency/claims.ts";
import type { Logger } from "../platform/log.ts";
import { createLoop } from "../platform/worker/loop.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import { deleteOldSessions } from "../scheduler/sweep/old-rows.ts";
import type { TickSummary } from "../scheduler/tick.ts";
import type { SecretStore } from "../secrets/store.ts";
import { sweepSecrets } from "../secrets/sweep.ts";

const everySeconds = 30;
const maxTurnSeconds = 60;
const maxSecretsATurn = 100;
const maxRowsATurn = 10_000;

interface CleaningNeeds {
  readonly db: Database;
  readonly sweepQuotas: (signal: AbortSignal) => Promise<TickSummary>;
  readonly secrets: SecretStore;
  /** For events, and for sessions and the like that have ended. */
  readonly retentionDays: number;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/**
 * The part of `sweep` that is not the scheduler's: secrets that nobody points to, idempotency keys whose day is over,
 * what is kept no longer, and the quotas' own.
 */
export function createCleaning({ db, sweepQuotas, secrets, retentionDays, log, metrics }: CleaningNeeds) {
  async function turn(signal: AbortSignal): Promise<TickSummary> {
    const quotas = await sweepQuotas(signal);
    const { swept, failed } = await sweepSecrets({ db, secrets, log }, maxSecretsATurn);
    return {
      ...quotas,
      secrets: swept,
      secrets_failed: failed,
      idempotency_keys: await deleteExpiredKeys(db, maxRowsATurn),
      events: await deleteOldEvents(db, retentionDays, maxRowsATurn),
      ...(await deleteOldSessions(db, retentionDays, maxRowsATurn)),
    };
  }
  return { turn, loop: createLoop({ name: "cleaning", everySeconds, maxTurnSeconds, turn, log, metrics }) };
}

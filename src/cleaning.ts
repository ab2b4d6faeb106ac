import type { Database } from "./platform/database/tables.ts";
import { deleteExpiredKeys } from "./platform/idempotency/claims.ts";
import type { Logger } from "./platform/log.ts";
import { createLoop } from "./platform/worker/loop.ts";
import type { WorkerMetrics } from "./platform/worker/metrics.ts";
import type { SecretStore } from "./storage/secrets/secret-store.ts";
import { sweepSecrets } from "./storage/sweep.ts";

const everySeconds = 30;
const maxTurnSeconds = 60;
const maxSecretsATurn = 100;
const maxKeysATurn = 1000;

interface CleaningNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** The part of `sweep` that is not the scheduler's: secrets that nobody points to, idempotency keys whose day is over. */
export function createCleaning({ db, secrets, log, metrics }: CleaningNeeds) {
  async function turn() {
    const { swept, failed } = await sweepSecrets({ db, secrets, log }, maxSecretsATurn);
    return { secrets: swept, secrets_failed: failed, idempotency_keys: await deleteExpiredKeys(db, maxKeysATurn) };
  }
  return { turn, loop: createLoop({ name: "cleaning", everySeconds, maxTurnSeconds, turn, log, metrics }) };
}

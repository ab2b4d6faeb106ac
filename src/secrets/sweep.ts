import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { claimDueIntents, finishIntent } from "./intents.ts";
import type { SecretStore } from "./store.ts";

interface SweepNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  readonly log: Logger;
}

export interface SecretSweep {
  readonly swept: number;
  readonly failed: number;
}

/**
 * One turn: removes secrets that no owner points to, at most `limit`. Any number of processes may do so at once.
 * A secret that cannot be removed now comes due again later.
 */
export async function sweepSecrets({ db, secrets, log }: SweepNeeds, limit: number): Promise<SecretSweep> {
  const refs = await claimDueIntents(db, limit);
  let failed = 0;
  for (const ref of refs) {
    try {
      await secrets.delete(ref);
      await finishIntent(db, ref);
    } catch (error) {
      failed += 1;
      log.warn({ ref, err: error }, "a secret that nobody points to could not be removed; it will be tried again");
    }
  }
  return { swept: refs.length - failed, failed };
}

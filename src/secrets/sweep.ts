import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { claimDueIntents, finishIntent } from "./intents.ts";
import type { SecretStore } from "./store.ts";

interface SweepNeeds {
  readonly db: Database;
  readonly secrets: SecretStore;
  readonly log: Logger;
}

/** The numbers of secrets that a turn removed and could not remove. */
export interface SecretSweep {
  readonly swept: number;
  readonly failed: number;
}

/**
 * Removes secrets that no owner points to, at most `limit`. Several processes may sweep at once. A secret that cannot be
 * removed now comes due again later.
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
      log.warn({ ref, err: error }, "an unused secret could not be removed; the sweep tries again later");
    }
  }
  return { swept: refs.length - failed, failed };
}

import { setTimeout as delay } from "node:timers/promises";
import { toBackoffMilliseconds } from "../backoff.ts";
import { isRetryable } from "./faults.ts";
import type { Database, DatabaseTransaction } from "./tables.ts";

const maxAttempts = 4;
const firstPauseMilliseconds = 20;

/**
 * Runs `work` in one transaction (READ COMMITTED), and again from its start when it lost a deadlock, a serialisation
 * conflict or a lock wait. So `work` must have no effect outside of its transaction.
 *
 * @throws what `work` throws; after four lost attempts, the database's own error
 */
export function inTransaction<T>(db: Database, work: (tx: DatabaseTransaction) => Promise<T>): Promise<T> {
  return retryLost(() => db.transaction().execute(work));
}

/** As {@link inTransaction}, for a single statement, which is a transaction of its own. */
export async function retryLost<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === maxAttempts || !isRetryable(error)) throw error;
      await delay(
        toBackoffMilliseconds({
          firstMilliseconds: firstPauseMilliseconds,
          maxMilliseconds: Number.POSITIVE_INFINITY,
          attempt,
          random: Math.random(),
        }),
      );
    }
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { isRetryable } from "./faults.ts";
import type { Database, DatabaseTransaction } from "./tables.ts";

const attempts = 4;
const firstDelayMilliseconds = 10;

/**
 * Runs `work` in one transaction (READ COMMITTED), again from its start when it lost a deadlock, a serialisation conflict
 * or a lock wait. So `work` must have no effect but through its transaction.
 *
 * @throws what `work` throws; after four lost attempts, the database's own error
 */
export function inTransaction<T>(db: Database, work: (tx: DatabaseTransaction) => Promise<T>): Promise<T> {
  return retryLost(() => db.transaction().execute(work));
}

/** As {@link inTransaction}, for a single statement, which is a transaction of its own. */
export async function retryLost<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (count === attempts || !isRetryable(error)) throw error;
      await delay(firstDelayMilliseconds * 2 ** count * Math.random());
    }
  }
}

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
export async function inTransaction<T>(db: Database, work: (tx: DatabaseTransaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === attempts || !isRetryable(error)) throw error;
      await delay(firstDelayMilliseconds * 2 ** attempt * Math.random());
    }
  }
}

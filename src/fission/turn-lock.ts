import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Does the work, unless any process is doing work of the same name: then it returns null at once. Keeps calls from piling up;
 * overlapping turns are harmless, so work goes on when its lock is lost with its connection.
 *
 * The lock is a PostgreSQL advisory lock on a connection of its own: when the pod dies it is free at once, where a lease would
 * have to expire. It does not work through PgBouncer in transaction mode, which changes connections between statements.
 *
 * @param name names the lock, such as `worker-sweep`
 */
export function runAlone<T>(db: Database, name: string, work: () => Promise<T>): Promise<T | null> {
  const key = sql`hashtextextended(${`eom ${name}`}, 0)`;
  return db.connection().execute(async (connection) => {
    const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${key}) as held`.execute(connection);
    if (rows[0]?.held !== true) return null;
    try {
      return await work();
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(connection).catch(() => dropConnection(connection));
    }
  });
}

/** In the pool the connection would keep the lock for ever. If it is lost already, its lock is gone too. */
async function dropConnection(connection: Database): Promise<void> {
  await sql`select pg_terminate_backend(pg_backend_pid())`.execute(connection).catch(() => {});
}

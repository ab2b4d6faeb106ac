import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/**
 * Does the work unless somebody does it already, in whichever process: then null, at once. A lock of PostgreSQL, held by a
 * connection that is kept for it: unlike a lease it needs no time to run out when its pod dies. It only spares calls that
 * would pile up; turns beside each other are harmless, so one whose connection is lost goes on. Not for PgBouncer's
 * transaction mode, where a connection is not the same for two statements.
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

/** Back in the pool it would keep the lock, and nobody would ever take a turn again. Where it is lost, its lock is too. */
async function dropConnection(connection: Database): Promise<void> {
  await sql`select pg_terminate_backend(pg_backend_pid())`.execute(connection).catch(() => {});
}

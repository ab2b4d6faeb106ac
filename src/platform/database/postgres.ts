import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import type { OpenDatabase } from "./open.ts";
import type { Tables } from "./tables.ts";

const connectTimeoutSeconds = 5;
const closeTimeoutSeconds = 5;
const statementTimeoutMilliseconds = 30_000;
const lockTimeoutMilliseconds = 10_000;
const idleInTransactionTimeoutMilliseconds = 60_000;

/** Opens a pool of at most `poolSize` connections; the first one is made when it is needed. */
export function openPostgresDatabase(url: string, poolSize: number): OpenDatabase {
  const pool = postgres(url, {
    max: poolSize,
    connect_timeout: connectTimeoutSeconds,
    // A shorter back-off than the default of up to 20 s: the database is asked again soon after it came back.
    backoff: (retries) => Math.min(0.1 * 2 ** retries, 2),
    connection: {
      application_name: "eom",
      statement_timeout: statementTimeoutMilliseconds,
      lock_timeout: lockTimeoutMilliseconds,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMilliseconds,
      TimeZone: "UTC",
    },
    types: {
      // Counts and sizes are at most 2^53-1 by contract.
      bigint: { to: 20, from: [20, 1700], serialize: String, parse: Number },
    },
    onnotice: () => {},
  });
  const db = new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: pool }) });
  const close = async () => {
    // Kysely ends the pool without a limit, and a connection that was reserved at that moment would be waited for forever.
    await pool.end({ timeout: closeTimeoutSeconds });
    await db.destroy();
  };
  return { db, kind: "postgres", close };
}

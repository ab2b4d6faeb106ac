import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import type { OpenDatabase } from "./open.ts";
import { createPipeline } from "./pipeline.ts";
import { createPostgresPool } from "./postgres-pool.ts";
import type { Tables } from "./tables.ts";

const connectTimeoutSeconds = 5;
const closeTimeoutSeconds = 5;
const statementTimeoutMilliseconds = 30_000;
const lockTimeoutMilliseconds = 10_000;
const idleInTransactionTimeoutMilliseconds = 60_000;

/** Longer than the server itself lets a statement run. */
const answerTimeoutSeconds = 35;

/** Opens a pool of at most `poolSize` connections; the first one is made when it is needed. */
export function openPostgresDatabase(url: string, poolSize: number): OpenDatabase {
  const limits = { size: poolSize, connectSeconds: connectTimeoutSeconds, answerSeconds: answerTimeoutSeconds };
  const options = {
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
  };
  const pool = createPostgresPool(url, options, limits);
  const db = new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => pool }) });
  // An only connection must not be kept by reads that follow each other without a gap.
  const reads =
    poolSize === 1
      ? db
      : new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => createPipeline(pool) }) });
  const close = async () => {
    // Kysely would end it without waiting for what is on loan.
    await pool.end({ timeout: closeTimeoutSeconds });
    await db.destroy();
  };
  return { db, reads, kind: "postgres", close };
}

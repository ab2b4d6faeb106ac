import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import type { OpenDatabase } from "./open.ts";
import { parseTime } from "./parse-time.ts";
import { createPipeline } from "./pipeline.ts";
import { toPostgresTarget } from "./postgres-client.ts";
import { createPostgresPool } from "./postgres-pool.ts";
import type { Tables } from "./tables.ts";

const connectTimeoutSeconds = 5;
const closeTimeoutSeconds = 5;

/** Longer than the server's own statement_timeout. */
const answerTimeoutSeconds = 35;

/**
 * Opens a pool of at most `poolSize` connections; each is made when it is first needed.
 *
 * @param url a connection string, as connection-string.ts parses it
 * @throws an Error with a sentence when the string or a file that it names cannot be used
 */
export function openPostgresDatabase(url: string, poolSize: number): OpenDatabase {
  const { hosts, connectSeconds } = toPostgresTarget(url, {
    types: {
      // By the contract, counts and sizes are at most 2^53-1.
      bigint: { to: 20, from: [20, 1700], serialize: String, parse: Number },
      // As in postgres.js, but for the years 1 to 99. A parameter may also be a text.
      date: {
        to: 1184,
        from: [1082, 1114, 1184],
        serialize: (time: Date | string) => new Date(time).toISOString(),
        parse: parseTime,
      },
    },
    onnotice: () => {},
  });
  const pool = createPostgresPool(hosts, {
    size: poolSize,
    connectSeconds: connectSeconds ?? connectTimeoutSeconds,
    answerSeconds: answerTimeoutSeconds,
  });
  const db = new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => pool }) });
  // With a single connection, reads without a gap between them would keep it from writes.
  const reads =
    poolSize === 1
      ? db
      : new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => createPipeline(pool) }) });
  const close = async () => {
    // Kysely would end it without waiting for connections on loan.
    await pool.end({ timeout: closeTimeoutSeconds });
    await db.destroy();
  };
  return { db, reads, kind: "postgres", close };
}

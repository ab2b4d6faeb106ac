import { Kysely, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database, Tables } from "../src/platform/database/tables.ts";
import { createPostgresServer } from "../test/support/database/postgres.ts";
import { fillStorages } from "./fill.ts";

export interface FilledDatabase {
  readonly db: Database;
  readonly url: string;
  readonly fillSeconds: number;
  /** The server's version. */
  readonly postgres: string;
  close(): Promise<void>;
}

/** A PostgreSQL of its own with so many storages; or, with `url`, one that was filled before and is left there. */
export async function startFilledDatabase(rows: number, url: string | null): Promise<FilledDatabase> {
  const server = url === null ? await createPostgresServer() : null;
  try {
    const opened = openPostgresDatabase(url ?? server?.url ?? "", 4);
    const close = async () => {
      await opened.close();
      await server?.remove();
    };
    const startedAt = performance.now();
    if (server !== null) {
      await migrate(opened.db);
      await fill(server.url, rows);
    }
    const fillSeconds = (performance.now() - startedAt) / 1000;
    const postgres = await findVersion(opened.db);
    return { db: opened.db, url: url ?? server?.url ?? "", fillSeconds, postgres, close };
  } catch (error) {
    await server?.remove();
    throw error;
  }
}

async function fill(url: string, rows: number): Promise<void> {
  const db = openUnlimited(url);
  await fillStorages(db, rows);
  await db.destroy();
}

/** One connection without EOM's time limits, for fills; to be destroyed. */
export function openUnlimited(url: string): Database {
  return new Kysely<Tables>({
    dialect: new PostgresJSDialect({ postgres: postgres(url, { max: 1, onnotice: () => {} }) }),
  });
}

async function findVersion(db: Database): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(db);
  return rows[0]?.server_version ?? "unknown";
}

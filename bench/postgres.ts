import { sql } from "kysely";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { createPostgresServer } from "../test/support/database/postgres.ts";

/** A PostgreSQL of the bench's own, for parts that want more than one database of it. */
export interface BenchPostgres {
  /** The maintenance database, on one connection. */
  readonly db: Database;
  readonly version: string;
  /** @returns the URL of a new database, empty or as its template is, on which nobody may be */
  createDatabase(name: string, template?: string): Promise<string>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

export async function startBenchPostgres(): Promise<BenchPostgres> {
  const server = await createPostgresServer();
  const { db, close } = openPostgresDatabase(server.url, 1);
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(db);
  return {
    db,
    version: rows[0]?.server_version ?? "unknown",
    async createDatabase(name, template = "template1") {
      await sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(db);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.toString();
    },
    async remove() {
      await close();
      await server.remove();
    },
  };
}

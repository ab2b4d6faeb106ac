import { randomBytes } from "node:crypto";
import type { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, sql } from "kysely";
import { inject } from "vitest";
import { createPglite } from "../../src/platform/database/embedded.ts";
import { migrate } from "../../src/platform/database/migrate.ts";
import type { OpenDatabase } from "../../src/platform/database/open.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import type { Tables } from "../../src/platform/database/tables.ts";
import { toDatabaseUrl } from "./postgres-server.ts";

/** Both databases that EOM runs on; a suite that holds for one must hold for the other. */
export const databaseKinds = ["postgres", "embedded"] as const;

export type DatabaseKind = (typeof databaseKinds)[number];

/** A migrated database of the test's own. `url` is null for the embedded one. Close it; that removes it. */
export type TestDatabase = OpenDatabase & { readonly url: string | null };

export function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  return kind === "postgres" ? cloneTemplate() : createEmbedded();
}

async function cloneTemplate(): Promise<TestDatabase> {
  const serverUrl = inject("postgresUrl");
  const name = `eom_${randomBytes(6).toString("hex")}`;
  await maintain(serverUrl, `create database ${name} template eom_template`);
  const url = toDatabaseUrl(serverUrl, name);
  const database = openPostgresDatabase(url, 20);
  const close = async () => {
    await database.close();
    await maintain(serverUrl, `drop database if exists ${name} with (force)`);
  };
  return { ...database, url, close };
}

async function maintain(serverUrl: string, statement: string): Promise<void> {
  const maintenance = openPostgresDatabase(serverUrl, 1);
  await sql.raw(statement).execute(maintenance.db);
  await maintenance.close();
}

/** Left by an earlier test of the same file, empty: to start one costs a second of processor. */
let idle: PGlite | null = null;

async function createEmbedded(): Promise<TestDatabase> {
  const pglite = idle ?? (await createPglite());
  idle = null;
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  await migrate(db);
  const schema = await describeSchema(pglite);
  const close = async () => {
    if (pglite.closed) return;
    await pglite.exec("rollback");
    if ((await describeSchema(pglite)) === schema) await pglite.exec(emptyTables);
    else await pglite.exec("drop schema public cascade; create schema public");
    idle = pglite;
  };
  return { db, kind: "embedded", url: null, close };
}

/** Whether a test changed more than rows. */
async function describeSchema(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query<{ schema: string }>(`
    select (select string_agg(relname || relnatts, ' ' order by relname) from pg_class
        where relnamespace = 'public'::regnamespace)
      || (select string_agg(proname || md5(prosrc), ' ' order by proname, prosrc) from pg_proc
        where pronamespace = 'public'::regnamespace) as schema`);
  return rows[0]?.schema ?? "";
}

/** All but what the migrations themselves wrote. */
const emptyTables = `
  do $$ begin
    execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ') || ' restart identity' from pg_tables
      where schemaname = 'public' and tablename not in ('eom_deployment', 'eom_migration', 'eom_migration_lock'));
  end $$`;

import { randomBytes } from "node:crypto";
import type { PGlite } from "@electric-sql/pglite";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { Kysely, PGliteDialect, sql } from "kysely";
import { inject } from "vitest";
import { startPglite } from "../../../src/platform/database/embedded.ts";
import { migrate } from "../../../src/platform/database/migrate.ts";
import type { OpenDatabase } from "../../../src/platform/database/open.ts";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import type { Tables } from "../../../src/platform/database/tables.ts";
import { toDatabaseUrl } from "./postgres-server.ts";

export type DatabaseKind = "postgres" | "embedded";

/** The databases that a suite runs on: both that EOM supports; PostgreSQL alone in the project that goes through functions. */
export const databaseKinds: readonly DatabaseKind[] =
  inject("entry") === "server" ? ["postgres", "embedded"] : [inject("entry") === "fission" ? "postgres" : "embedded"];

/** A migrated, empty database for one test. `url` is null if it is embedded. `close` empties it for the next test. */
export type TestDatabase = OpenDatabase & { readonly url: string | null };

export function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  return kind === "postgres" ? cloneTemplate() : createEmbedded();
}

/** An empty database that an earlier test of this worker left: creating a database costs 0.1 s and more. */
let idleUrl: string | null = null;

async function cloneTemplate(): Promise<TestDatabase> {
  const url = idleUrl ?? (await createClone());
  idleUrl = null;
  const database = openPostgresDatabase(url, 20);
  const schema = await describePostgres(url);
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    await database.close();
    // A process of this test that still writes must not reach the next test.
    if ((await describePostgres(url, endOtherConnections).catch(unreadable)) === schema && idleUrl === null) {
      await run(url, emptyTables);
      idleUrl = url;
    } else await maintain(inject("postgresUrl"), `drop database if exists ${toName(url)} with (force)`);
  };
  return { ...database, url, close };
}

async function createClone(): Promise<string> {
  const serverUrl = inject("postgresUrl");
  const name = `eom_${randomBytes(6).toString("hex")}`;
  await maintain(serverUrl, `create database ${name} template eom_template`);
  return toDatabaseUrl(serverUrl, name);
}

function toName(url: string): string {
  return new URL(url).pathname.slice(1);
}

const endOtherConnections = `select pg_terminate_backend(pid, 5000) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

async function describePostgres(url: string, first = "select 1"): Promise<string> {
  const [, described] = await run(url, first, schemaQuery);
  return String(described?.["schema"]);
}

/** The first row of each statement. */
async function run(url: string, ...statements: readonly string[]): Promise<(Record<string, unknown> | undefined)[]> {
  const { db, close } = openPostgresDatabase(url, 1);
  const rows: (Record<string, unknown> | undefined)[] = [];
  for (const statement of statements)
    rows.push((await sql.raw<Record<string, unknown>>(statement).execute(db)).rows[0]);
  await close();
  return rows;
}

async function maintain(serverUrl: string, statement: string): Promise<void> {
  const maintenance = openPostgresDatabase(serverUrl, 1);
  await sql.raw(statement).execute(maintenance.db);
  await maintenance.close();
}

/** An empty database that an earlier test of this worker left: starting PGlite costs a second of processor time. */
let idle: PGlite | null = null;

async function createEmbedded(): Promise<TestDatabase> {
  const pglite = idle ?? (await startPglite({ loadDataDir: await dataDir() }));
  idle = null;
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  await migrate(db);
  const schema = await describeSchema(pglite);
  const close = async () => {
    if (pglite.closed) return;
    await pglite.exec("rollback");
    if ((await describeSchema(pglite).catch(unreadable)) === schema) await pglite.exec(emptyTables);
    else await pglite.exec("drop schema public cascade; create schema public");
    idle = pglite;
  };
  return { db, reads: db, kind: "embedded", url: null, close };
}

async function describeSchema(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query<{ schema: string }>(schemaQuery);
  return rows[0]?.schema ?? "";
}

/** Differs after a test that changed more than rows. */
const schemaQuery = `
  select (select string_agg(relname || relnatts, ' ' order by relname) from pg_class
      where relnamespace = 'public'::regnamespace)
    || (select string_agg(proname || md5(prosrc), ' ' order by proname, prosrc) from pg_proc
      where pronamespace = 'public'::regnamespace)
    || (select string_agg(tgname::text || tgenabled::text, ' ' order by tgname) from pg_trigger where not tgisinternal)
    || (select string_agg(conname::text || convalidated::text, ' ' order by conname) from pg_constraint
      where connamespace = 'public'::regnamespace)
    || (select string_agg(m::text, ' ' order by m::text) from eom_migration as m)
    || (select string_agg(d::text, ' ' order by d::text) from eom_deployment as d) as schema`;

/** For a database whose schema a test has broken. */
const unreadable = () => "unreadable";

/**
 * Empties all tables but the ones that migrations fill. Deletes rows where there are any: truncating forty tables costs more
 * than deleting a test's rows in five. Runs as a replica, so that triggers and foreign keys are not checked.
 */
const emptyTables = `
  do $$
  declare tab text; has_rows boolean;
  begin
    set local session_replication_role = replica;
    for tab in select tablename from pg_tables
      where schemaname = 'public' and tablename not in ('eom_deployment', 'eom_migration', 'eom_migration_lock')
    loop
      execute 'select exists (select from ' || quote_ident(tab) || ')' into has_rows;
      if has_rows then execute 'delete from ' || quote_ident(tab); end if;
    end loop;
  end $$`;

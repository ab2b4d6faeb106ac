import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { sql } from "kysely";
import { afterEach, describe, expect, inject, test } from "vitest";
import { composeProgram } from "../../src/compose/program.ts";
import { readConfig } from "../../src/platform/config/config.ts";
import { findMigrationState, migrate } from "../../src/platform/database/migrate.ts";
import type { OpenDatabase } from "../../src/platform/database/open.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createTestDatabase } from "../support/database/database.ts";
import { toDatabaseUrl } from "../support/database/postgres-server.ts";
import { thisCheckout } from "../support/processes/eom-process.ts";
import { createNextVersion } from "../support/processes/next-version.ts";
import { describeSchema } from "./schema-description.ts";

const names = (await readdir(join(thisCheckout, "db/migrations"))).map((file) => file.replace(/\.sql$/, "")).sort();

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** An empty database on the real server. */
async function createEmptyDatabase(): Promise<string> {
  const serverUrl = inject("postgresUrl");
  const name = `eom_empty_${randomBytes(6).toString("hex")}`;
  const maintain = async (statement: string) => {
    const maintenance = openPostgresDatabase(serverUrl, 1);
    await sql.raw(statement).execute(maintenance.db);
    await maintenance.close();
  };
  await maintain(`create database ${name}`);
  undo.push(() => maintain(`drop database ${name} with (force)`));
  return toDatabaseUrl(serverUrl, name);
}

function open(url: string, poolSize = 2): OpenDatabase {
  const database = openPostgresDatabase(url, poolSize);
  undo.push(() => database.close());
  return database;
}

async function listApplied(db: Database): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from eom_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

describe("an empty database that several migrate at once", () => {
  test.each([1, 2, 3])("gets each migration once from four pools (round %i)", async () => {
    const url = await createEmptyDatabase();
    const databases = Array.from({ length: 4 }, () => open(url));
    const applied = await Promise.all(databases.map(({ db }) => migrate(db)));
    expect(applied.flat().sort()).toEqual(names);
    expect(applied.filter(({ length }) => length > 0)).toHaveLength(1);
    for (const { db } of databases) {
      expect(await listApplied(db)).toEqual(names);
      expect(await findMigrationState(db)).toEqual({ pending: [], unknown: [] });
    }
  });

  test("gets each migration once from four processes, and none of them fails", async () => {
    const url = await createEmptyDatabase();
    const answer = await Promise.all(Array.from({ length: 4 }, () => runMigrate(url)));
    expect(answer.map(({ code, err }) => ({ code, err }))).toEqual(answer.map(() => ({ code: 0, err: "" })));
    expect(answer.map(({ out }) => out).sort()).toEqual([
      `Applied: ${names.join(", ")}\n`,
      ...Array.from({ length: 3 }, () => "The database is up to date.\n"),
    ]);
    expect(await listApplied(open(url).db)).toEqual(names);
  });
});

async function runMigrate(url: string) {
  const child = spawn(process.execPath, [join(thisCheckout, "src/main.ts"), "migrate"], {
    env: { PATH: process.env["PATH"], EOM_DATABASE_URL: url },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { out, err, code };
}

async function listTables(db: Database): Promise<string[]> {
  const { rows } = await sql<{ relname: string }>`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like 'eom_migration%'`.execute(db);
  return rows.map(({ relname }) => relname);
}

describe("a migration that fails", () => {
  test("leaves nothing of its statements, and is applied once the cause is removed", async () => {
    const { db } = open(await createEmptyDatabase());
    // Fails in the middle of the baseline, after the tables of storages.
    await sql`create table ailbl_session (in_the_way integer)`.execute(db);
    await expect(migrate(db)).rejects.toMatchObject({ code: "42P07" });
    expect(await listTables(db)).toEqual(["ailbl_session"]);
    expect(await findMigrationState(db)).toEqual({ pending: names, unknown: [] });
    await sql`drop table ailbl_session`.execute(db);
    expect(await migrate(db)).toEqual(names);
  });

  test("leaves nothing of the migrations before it, and all are applied once the cause is removed", async () => {
    const { db } = open(await createEmptyDatabase());
    const next = await createNextVersion("create table in_the_way (id integer);\n");
    undo.push(next.remove);
    const { migrate: migrateNext } = await import(join(next.checkout, "src/platform/database/migrate.ts"));
    await sql`create table in_the_way (id integer)`.execute(db);
    await expect(migrateNext(db)).rejects.toMatchObject({ code: "42P07" });
    expect(await listTables(db)).toEqual(["in_the_way"]);
    expect(await findMigrationState(db)).toEqual({ pending: names, unknown: [] });
    await sql`drop table in_the_way`.execute(db);
    expect(await migrateNext(db)).toEqual([...names, "9999_next"]);
  });

  test("releases the lock: a waiting process tries too, and fails with the same cause", async () => {
    const url = await createEmptyDatabase();
    const databases = Array.from({ length: 4 }, () => open(url));
    await sql`create table ailbl_session (in_the_way integer)`.execute(databases[0]?.db as Database);
    const outcomes = await Promise.allSettled(databases.map(({ db }) => migrate(db)));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "42P07" } });
  });
});

describe("a database that a newer EOM migrated", () => {
  test.each(["true", "false"])("is refused with a sentence, and not changed (EOM_MIGRATE=%s)", async (mayMigrate) => {
    const database = await createTestDatabase("postgres");
    const dataDir = await mkdtemp(join(tmpdir(), "eom-newer-"));
    undo.push(database.close, () => rm(dataDir, { recursive: true, force: true }));
    await sql`insert into eom_migration (name, timestamp) values ('9999_future', '2099')`.execute(database.db);
    const environment = {
      EOM_DATABASE_URL: database.url ?? "",
      EOM_DATA_DIR: dataDir,
      EOM_MIGRATE: mayMigrate,
    };
    const composing = composeProgram(readConfig(environment, []), createLogger({ level: "silent", format: "json" }));
    await expect(composing).rejects.toThrow(
      /^The database was migrated by a newer EOM \(it has 9999_future, .*\): use that version or a newer one\.$/,
    );
    expect(await listApplied(database.db)).toEqual([...names, "9999_future"]);
  });
});

test("the schema is the same on PostgreSQL and on the embedded database", async () => {
  const [postgres, embedded] = await Promise.all([createTestDatabase("postgres"), createTestDatabase("embedded")]);
  undo.push(postgres.close, embedded.close);
  const [there, here] = await Promise.all([describeSchema(postgres.db), describeSchema(embedded.db)]);
  expect(here).toEqual(there);
  // Otherwise both could be equal because both are empty.
  for (const [part, rows] of Object.entries(there)) expect(rows.length, part).toBeGreaterThan(0);
  expect(there["columns"]?.length).toBeGreaterThan(100);
});

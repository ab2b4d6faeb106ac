import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runChecks } from "../../src/doctor/checks.ts";
import { createSettingsCheck } from "../../src/doctor/database-checks.ts";
import { parseConnectionString } from "../../src/platform/database/connection-string.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { sessionSettings } from "../../src/platform/database/session-settings.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import cases from "./process.json" with { type: "json" };

type Input = string | { readonly hosts: readonly string[]; readonly query?: string } | { readonly socket: string };

interface StringCase {
  readonly id: string;
  readonly input: Input;
  readonly expected: { readonly ignored?: readonly string[]; readonly problem?: string };
}

interface SettingsCase {
  readonly id: string;
  readonly input: Readonly<Record<string, string>>;
}

const ofKind = <T>(kind: RegExp) => cases.filter((each) => kind.test(each.kind)) as unknown as readonly T[];

let database: TestDatabase;
let url: URL;
beforeAll(async () => {
  database = await createTestDatabase("postgres");
  url = new URL(database.url ?? "");
});
afterEach(() => sql`alter database ${sql.id(url.pathname.slice(1))} reset all`.execute(database.db));
afterAll(() => database.close());

describe("a connection string as a provider prints it", () => {
  test.for(ofKind<StringCase>(/^connection strings/))("is applied or refused with a sentence: $id", async (given) => {
    const text = await toText(given.input);
    const parsed = parseConnectionString(text);
    if ("problem" in parsed) return expect(parsed.problem).toContain(given.expected.problem);
    expect(parsed.ignored.map(({ name }) => name)).toEqual(given.expected.ignored);
    const opened = openPostgresDatabase(text, 1);
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(opened.db);
    await opened.close();
    expect(rows).toEqual([{ name: url.pathname.slice(1) }]);
  });
});

async function toText(input: Input): Promise<string> {
  if (typeof input === "string") return `${url.href}${input}`;
  if ("hosts" in input) {
    const hosts = input.hosts.map((host) => (host === "SERVER" ? url.host : host));
    return `postgres://eom@${hosts.join(",")}${url.pathname}${input.query ?? ""}`;
  }
  const { rows } = await sql<{ folder: string }>`select current_setting('unix_socket_directories') as folder`.execute(
    database.db,
  );
  const folder = rows[0]?.folder ?? "";
  return input.socket === "parameter"
    ? `postgres://eom@${url.pathname}?host=${folder}&port=${url.port}`
    : `postgres://eom@${encodeURIComponent(folder)}:${url.port}${url.pathname}`;
}

describe("a database with settings of its own", () => {
  test.for(ofKind<SettingsCase>(/^settings of the database/))("is used with EOM's: $id", async ({ input }) => {
    const name = sql.id(url.pathname.slice(1));
    for (const [setting, value] of Object.entries(input))
      await sql`alter database ${name} set ${sql.id(setting)} = ${sql.lit(value)}`.execute(database.db);
    const opened = openPostgresDatabase(url.href, 1);
    const { rows } = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings where name in (${sql.join(Object.keys(sessionSettings))})
        or name = 'transaction_timeout'`.execute(opened.db);
    const [finding] = await runChecks([createSettingsCheck(opened.db)]);
    const { rows: migrations } = await sql`select from eom_migration`.execute(opened.db);
    await opened.close();
    expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toMatchObject(sessionSettings);
    expect(rows).toContainEqual({ name: "transaction_timeout", setting: "0" });
    expect(finding).toMatchObject({ status: "ok" });
    expect(migrations).not.toEqual([]);
  });

  test("is refused with a sentence if its encoding is not UTF8", async () => {
    const other = `${url.pathname.slice(1)}_latin1`;
    await sql`create database ${sql.id(other)} encoding 'LATIN1' locale 'C' template template0`.execute(database.db);
    const opened = openPostgresDatabase(new URL(`/${other}`, url).href, 1);
    const refused = expect(sql`select 1`.execute(opened.db)).rejects;
    await refused.toThrow(/the encoding of the database is LATIN1, and EOM needs UTF8: create another by/);
    await opened.close();
    await sql`drop database ${sql.id(other)}`.execute(database.db);
  });
});

test("among several hosts, the one that accepts writes is used", async () => {
  const name = sql.id(url.pathname.slice(1));
  const both = `postgres://eom@${url.host},${url.host}${url.pathname}`;
  await sql`alter database ${name} set default_transaction_read_only = on`.execute(database.db);
  const opened = openPostgresDatabase(both, 1);
  await expect(sql`select 1`.execute(opened.db)).rejects.toMatchObject({ code: "25006" });
  await sql`set default_transaction_read_only = off`.execute(database.db);
  await sql`alter database ${name} reset all`.execute(database.db);
  expect((await sql`select 1 as number`.execute(opened.db)).rows).toEqual([{ number: 1 }]);
  await opened.close();
});

test("a file that the connection string names is read when the database is opened, and only if it is a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eom-string-"));
  const file = join(folder, "ca.pem");
  const open = () => openPostgresDatabase(`${url.href}?sslmode=verify-ca&sslrootcert=${file}`, 1);
  expect(open).toThrow(`EOM_DATABASE_URL names ${file} cannot be read (ENOENT)`);
  await writeFile(file, "");
  await open().close();
  await rm(folder, { recursive: true });
});

import { type ChildProcess, spawn } from "node:child_process";
import { createSecretKey, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../src/commands/run.ts";
import { seal } from "../../src/secrets/embedded/sealing.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const mainFile = join(import.meta.dirname, "../../src/main.ts");

/** The command line as a person uses it: each command is a process, on a real PostgreSQL or the embedded database. */
describe("eom", () => {
  let folder: string;
  let database: TestDatabase;
  let children: ChildProcess[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-command-"));
    database = await createTestDatabase("postgres");
    children = [];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const child of children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const launch = (args: readonly string[], environment: Record<string, string>) => {
    const env = {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      EOM_DATA_DIR: join(folder, "data"),
      EOM_PORT: "0",
      EOM_LOG_FORMAT: "json",
      ...environment,
    };
    const child = spawn(process.execPath, [mainFile, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    return child;
  };
  const onPostgres = (more: Record<string, string> = {}) => ({ EOM_DATABASE_URL: database.url ?? "", ...more });

  const run = async (args: readonly string[], environment: Record<string, string> = onPostgres()) => {
    const child = launch(args, environment);
    const [out, err, [code]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, "exit")]);
    return { out, err, code: code as number };
  };

  /** Resolves with the lines up to the first match; later output is dropped. */
  const waitFor = async (child: ChildProcess, pattern: RegExp) => {
    const lines: string[] = [];
    if (child.stdout === null) throw new Error("no output to read");
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (pattern.test(line)) break;
    }
    child.stdout.resume();
    return lines.join("\n");
  };

  test("start serves on PostgreSQL with a fixed token, and exits with 0 on SIGTERM", async () => {
    const token = "t".repeat(32);
    const child = launch(["start"], onPostgres({ EOM_ADMIN_TOKEN: token }));
    const banner = await waitFor(child, /workers/);
    expect(banner).toContain("database   PostgreSQL");
    expect(banner).not.toContain(token);
    const url = /API +(\S+)/.exec(banner)?.[1];
    const me = await fetch(`${url}/eom/admin/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(await me.json()).toMatchObject({ role: "admin", authentication: "token" });
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });

  test("start prints the first token of an embedded database once, and the token works after a restart", async () => {
    const first = launch(["start"], {});
    const banner = await waitFor(first, /workers/);
    expect(banner).toMatch(/^Admin token, shown this once/m);
    const token = /shown this once: (\S+)/.exec(banner)?.[1] ?? "";
    expect(token).toMatch(/^eom_/);

    const refused = await run(["token", "list"], {});
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/in use by process \d+, serving http:/);

    const gone = once(first, "exit");
    first.kill("SIGKILL");
    await gone;
    const again = launch(["start"], {});
    const banner2 = await waitFor(again, /workers/);
    expect(banner2).not.toContain("shown this once");
    const url = /API +(\S+)/.exec(banner2)?.[1];
    const me = await fetch(`${url}/eom/admin/me`, { headers: { authorization: `Bearer ${token}` } });
    expect(me.status).toBe(200);
    expect((await readdir(join(folder, "data"))).sort()).toEqual(
      expect.arrayContaining(["database", "holder.json", "key", "lock"]),
    );
  });

  test("start on a busy port uses up no token: the next start shows the first one", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const refused = await run(["start"], { EOM_PORT: String(port) });
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining(`127.0.0.1:${port} is in use by another`)]);
    expect(refused.out).not.toContain("eom_");
    other.close();
    const banner = await waitFor(launch(["start"], {}), /workers/);
    expect(banner).toMatch(/shown this once: eom_/);
  });

  test("refuses a configuration with every problem at once, and exits with 2", async () => {
    const { code, err } = await run(["start"], { EOM_PORT: "x", EOM_AUTH: "none", EOM_HOST: "0.0.0.0", EOM_TYPO: "1" });
    expect(code).toBe(2);
    for (const name of ["EOM_PORT must be", "EOM_AUTH must not be none", "EOM_TYPO is not known"])
      expect(err).toContain(name);
  });

  test("refuses unknown words with a usage line, and exits with 2", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const args of [
      ["nonsense"],
      ["tick", "nonsense"],
      ["token", "nonsense"],
      ["token", "create", "--king"],
      ["start", "nonsense"],
      ["worker", "--only", "x"],
      ["worker", "--nonsense"],
      ["doctor", "x"],
      ["quota"],
      ["quota", "reconcile", "--fxi"],
      ["secrets"],
      ["secrets", "rekey"],
      ["demo", "x"],
      ["demo", "--sessions", "0"],
      ["demo", "s3", "--sessions", "1"],
    ]) {
      expect({ args, code: await runCommand(args, onPostgres()) }).toEqual({ args, code: 2 });
    }
    expect(printed).toHaveBeenCalledTimes(15);
    expect(printed.mock.calls.join("\n")).not.toMatch(/\n {4}at /);
  });

  test.each([
    [["--help"], /Commands:\n.*start/],
    [["help"], /Commands:\n.*start/],
    [["start", "--help"], /^Usage: eom start/],
    [["worker", "--help"], /--only <workers>/],
    [["tick", "-h"], /worker +whose turn \(choices: "scan", /],
    [["help", "token"], /create \[options\].*revoke <id>/s],
    [["token", "create", "--help"], /--role <role>.*--expires-at <time>/s],
    [["secrets", "rekey", "--help"], /<old key file>|old key file/],
    [["doctor", "--help"], /^Usage: eom doctor/],
    [["--version"], /^\d+\.\d+\.\d+$/],
  ])("prints help on every level, needs no configuration for it, and exits with 0: %j", async (args, text) => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    expect(await runCommand(args, { EOM_PORT: "wrong" })).toBe(0);
    expect(printed.mock.calls.join("\n")).toMatch(text);
  });

  test.each([
    [["strat"], {}, "Did you mean start?"],
    [["token", "creat"], {}, "Did you mean create?"],
    [["worker", "--onyl", "scan"], {}, "Did you mean --only?"],
    [["worker", "--only", "scna"], {}, "There is no worker scna, did you mean scan?"],
    [["start"], { EOM_DATABSE_URL: "x" }, "EOM_DATABSE_URL is not known, did you mean EOM_DATABASE_URL?"],
    [["start"], { EOM_ADMIN_TOKEN_FLIE: "x" }, "did you mean EOM_ADMIN_TOKEN_FILE?"],
  ])("suggests what a misspelt word may mean: %j %j", async (args, environment, suggestion) => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await runCommand(args, environment)).toBe(2);
    expect(printed.mock.calls.join("\n")).toContain(suggestion);
  });

  test("is a program that a shell can run", async () => {
    expect((await stat(mainFile)).mode & 0o111).toBe(0o111);
  });

  test("token creates, lists and revokes", async () => {
    const created = await run(["token", "create", "--role", "operator", "--label", "night shift"]);
    const { id, token } = JSON.parse(created.out);
    expect(token).toMatch(/^eom_/);
    const listed = await run(["token", "list"]);
    expect(JSON.parse(listed.out)).toMatchObject({ id, label: "night shift", role: "operator" });
    expect(listed.out).not.toContain(token);
    expect((await run(["token", "revoke", id])).out).toContain(`revoked ${id}`);
    expect((await run(["token", "list"])).out).toBe("");
  });

  test("tick takes one turn and prints a JSON summary alone on standard output", async () => {
    for (const name of ["scan", "sweep", "notify"]) {
      const { out, code } = await run(["tick", name]);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toEqual(expect.any(Object));
    }
  });

  test("quota reconcile prints levels that differ and exits with 1; --fix corrects them", async () => {
    const { db } = database;
    await sql`insert into eom_quota (id, name, name_key, search_text, type, value, expire, enable, labels, created,
        created_by, modified, modified_by)
      values (gen_random_uuid(), 'q', 'q', 'q', 'MaxSize', 9, '{"type": "never"}', true, '{}', now(), 't', now(), 't')`.execute(
      db,
    );
    await sql`insert into eom_user_quota (user_id, type, quota_id, assigned, assigned_by, period_start, used, modified,
        modified_by)
      select 'user123', type, id, now(), 't', now(), 7, now(), 't' from eom_quota`.execute(db);
    const result = await run(["quota", "reconcile"]);
    expect(result.code).toBe(1);
    const [drift, sum] = result.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(drift).toMatchObject({ user_id: "user123", used: 7, ledger_used: 0 });
    expect(sum).toEqual({ checked: 1, differing: 1, mended: 0 });
    expect(await run(["quota", "reconcile", "--fix"])).toMatchObject({ code: 0 });
    expect(await run(["quota", "reconcile"])).toMatchObject({
      code: 0,
      out: '{"checked":1,"differing":0,"mended":0}\n',
    });
  });

  test("migrate --check exits with 1 when a migration is missing, and start refuses the database", async () => {
    await database.db.deleteFrom("eom_migration" as never).execute();
    expect((await run(["migrate", "--check"])).code).toBe(1);
    const refused = await run(["start"]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/lacks 0001_baseline.*eom migrate/);
  });

  test("doctor prints a FAIL line for each fault and exits with 1", async () => {
    const well = await run(["doctor"]);
    expect(well.code).toBe(0);
    expect(well.out).toMatch(/ok +database +PostgreSQL \d+/);
    const gone = await run(["doctor"], { EOM_DATABASE_URL: "postgres://eom@127.0.0.1:9/eom" });
    expect(gone.code).toBe(1);
    expect(gone.out).toMatch(/FAIL +database/);
    const vault = await run(
      ["doctor"],
      onPostgres({ EOM_SECRETS: "vault", VAULT_ADDR: "http://127.0.0.1:9", VAULT_TOKEN: "canary-token" }),
    );
    expect(vault.code).toBe(1);
    expect(vault.out).toMatch(/FAIL +secret store/);
    expect(vault.out + vault.err).not.toContain("canary-token");
  });

  test("secrets rekey seals stored secrets again with the key of EOM_KEY_FILE", async () => {
    const old = join(folder, "data", "key");
    await run(["migrate"]);
    const missing = await run(["secrets", "rekey", old]);
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining(`There is no key file ${old}`)]);
    expect((await run(["doctor"])).code).toBe(0);
    await database.db
      .insertInto("eom_sealed_secret")
      .values({ ref: "eom/1", sealed: seal(createSecretKey(await readFile(old)), "eom/1", '{"a":"b"}') })
      .execute();
    const withNew = onPostgres({ EOM_KEY_FILE: join(folder, "new-key") });
    expect((await run(["doctor"], withNew)).out).toMatch(/FAIL +\S+.*key/);
    const done = await run(["secrets", "rekey", old], withNew);
    expect([done.code, JSON.parse(done.out)]).toEqual([0, { rekeyed: 1, unchanged: 0 }]);
    expect((await run(["doctor"], withNew)).code).toBe(0);
    expect((await run(["doctor"])).code).toBe(1);
  });

  test("secrets rekey refuses a database that a newer EOM has migrated, and creates no key", async () => {
    const old = join(folder, "old-key");
    await writeFile(old, randomBytes(32), { mode: 0o600 });
    await sql`insert into eom_migration (name, timestamp) values ('9999_later', '2099')`.execute(database.db);
    const { code, err } = await run(["secrets", "rekey", old], onPostgres({ EOM_KEY_FILE: join(folder, "new-key") }));
    expect([code, err]).toEqual([1, expect.stringMatching(/by a newer EOM \(it has 9999_later/)]);
    expect(await readdir(folder)).not.toContain("new-key");
  });

  test("openapi prints the document without a database", async () => {
    const { out, code } = await run(["openapi"], {});
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ openapi: "3.1.0" });
  });
});

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}

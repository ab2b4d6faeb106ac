import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { FolderInUse, lockFolder } from "../../src/platform/database/folder-lock.ts";
import type { Database } from "../../src/platform/database/tables.ts";

const sources = new URL("../../src/platform/database/", import.meta.url);
const lockSource = `import { lockFolder } from "${new URL("folder-lock.ts", sources)}"`;
const databaseSource = `import { openEmbeddedDatabase } from "${new URL("embedded.ts", sources)}"`;

let folder: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-folder-"));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map(kill));
  await rm(folder, { recursive: true, force: true });
});

/** A process that has the variable `folder`, and lives until it is killed. */
function launch(script: string, source = lockSource): ChildProcess & { readonly stdout: NodeJS.ReadableStream } {
  const prelude = `
    ${source};
    const folder = ${JSON.stringify(folder)};
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", prelude + script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}

/** The first line that it writes. */
async function read(child: ReturnType<typeof launch>): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("it wrote nothing");
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const tryLock = `
  try { lockFolder(folder); console.log("held"); } catch (error) { console.log(error.name + " " + error.message); }`;

describe("the lock of a data folder", () => {
  test("refuses another process with a sentence that names the holder and where it serves, until the holder is killed", async () => {
    const holder = launch(`lockFolder(folder).announce("http://127.0.0.1:8080"); console.log("held");`);
    expect(await read(holder)).toBe("held");
    const refused = `The data folder ${folder} is in use by process ${holder.pid}, serving http://127.0.0.1:8080: stop it first, or ask it over HTTP instead.`;
    expect(() => lockFolder(folder)).toThrow(
      new FolderInUse(folder, { pid: holder.pid ?? 0, url: "http://127.0.0.1:8080" }),
    );
    expect(() => lockFolder(folder)).toThrow(refused);
    await kill(holder);
    lockFolder(folder).release();
  });

  test("is kept by a stopped process, and refused without an address if its process serves none", async () => {
    const holder = launch(`lockFolder(folder); console.log("held");`);
    await read(holder);
    holder.kill("SIGSTOP");
    expect(() => lockFolder(folder)).toThrow(`is in use by process ${holder.pid}: stop it first`);
    writeFileSync(join(folder, "holder.json"), "{");
    expect(() => lockFolder(folder)).toThrow("is in use by another process: stop it first");
  });

  test("is given to exactly one of several processes that ask at once", async () => {
    const answer = await Promise.all(Array.from({ length: 6 }, () => read(launch(tryLock))));
    expect(answer.filter((line) => line === "held")).toHaveLength(1);
    expect(answer.filter((line) => line.startsWith("FolderInUse The data folder"))).toHaveLength(5);
  });

  test("stays locked when the same process asks for it again", async () => {
    const lock = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`is in use by process ${process.pid}`);
    expect(await read(launch(tryLock))).toMatch(/^FolderInUse /);
    lock.release();
    expect(await read(launch(tryLock))).toBe("held");
  });

  test("hides its process from other users of the machine", () => {
    const lock = lockFolder(folder);
    expect(JSON.parse(readFileSync(join(folder, "holder.json"), "utf8"))).toEqual({ pid: process.pid, url: null });
    expect(statSync(join(folder, "holder.json")).mode & 0o077).toBe(0);
    lock.release();
  });
});

describe("an embedded database", () => {
  const database = () => join(folder, "database");

  async function findWord(db: Database): Promise<string | undefined> {
    const { rows } = await sql<{ word: string }>`select word from kept`.execute(db);
    return rows[0]?.word;
  }

  test("keeps the commits of a killed process, and is open in one process at a time", async () => {
    const script = `
      import { sql } from "kysely";
      const { db } = await openEmbeddedDatabase(folder);
      await sql\`create table kept as select 'before the kill' as word\`.execute(db);
      console.log("written");`;
    const writer = launch(script, databaseSource);
    expect(await read(writer)).toBe("written");
    await expect(openEmbeddedDatabase(folder)).rejects.toThrow(`is in use by process ${writer.pid}`);
    await kill(writer);

    const opened = await openEmbeddedDatabase(folder);
    await expect(openEmbeddedDatabase(folder)).rejects.toThrow(`is in use by process ${process.pid}`);
    expect(await findWord(opened.db)).toBe("before the kill");
    await opened.close();
    await opened.close();

    const again = await openEmbeddedDatabase(folder);
    expect(await findWord(again.db)).toBe("before the kill");
    await again.close();
  });

  test("is unpacked again when the process that unpacked it was killed", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const events = watch(folder, (_, name) => name === "database" && resolve());
    const dying = launch("await openEmbeddedDatabase(folder);", databaseSource);
    await begun;
    await kill(dying);
    events.close();
    expect(readdirSync(folder)).toContain("database.unpacking");
    for (const name of ["PG_VERSION", "half"]) writeFileSync(join(database(), name), "half");

    const opened = await openEmbeddedDatabase(folder);
    expect((await sql`select 1 as number`.execute(opened.db)).rows).toEqual([{ number: 1 }]);
    expect(readdirSync(folder)).not.toContain("database.unpacking");
    expect(readdirSync(database())).not.toContain("half");
    await opened.close();
  });

  test("is never created over other files", async () => {
    mkdirSync(database());
    writeFileSync(join(database(), "thesis.txt"), "years of work");
    await expect(openEmbeddedDatabase(folder)).rejects.toThrow(/database exists and holds no database of EOM/);
    expect(readFileSync(join(database(), "thesis.txt"), "utf8")).toBe("years of work");
    // The refused database has released its lock.
    lockFolder(folder).release();
  });
});

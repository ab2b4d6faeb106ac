import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedDatabase } from "../../src/platform/database/embedded.ts";
import { type EomProcess, runEom, startEom } from "../support/processes/eom-process.ts";

const mebibyte = 1024 * 1024;
const sources = new URL("../../src/platform/", import.meta.url);

/** A disk in memory needs the right to mount. */
const canMount = process.platform === "linux" && tryToMount();

function tryToMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "eom-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "pipe" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!canMount)("an embedded EOM on a disk that fills", () => {
  let disk: string;
  let eom: EomProcess | null;
  const token = "t".repeat(32);
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), "eom-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", disk]);
    eom = null;
  });
  afterEach(async () => {
    await eom?.kill();
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true });
  });

  const environment = () => ({ EOM_DATA_DIR: join(disk, "data"), EOM_PORT: "0", EOM_ADMIN_TOKEN: token });
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${eom?.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const create = () =>
    ask("POST", "/eom/admin/quotas", { name: randomUUID(), type: "MaxSize", value: { max_size: 1 } });

  /** Leaves so many bytes. */
  const fill = (freeBytes: number) => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "other"), Buffer.alloc(bavail * bsize - freeBytes));
  };

  test("refuses writes and goes on to read below the margin, and writes again when there is room", async () => {
    eom = await startEom("start", { environment: environment() });
    expect((await create()).status).toBe(201);
    fill(40 * mebibyte);
    await expect.poll(create).toMatchObject({
      status: 503,
      body: { error_code: "DATABASE_UNAVAILABLE", error_msg: expect.stringContaining("its disk is full or nearly so") },
    });
    expect((await ask("GET", "/eom/admin/quotas")).status).toBe(200);
    const { body } = await ask("GET", "/eom/admin/doctor");
    expect(JSON.stringify(body)).toMatch(/MiB left, and below 64 MiB EOM refuses writes: make room/);
    await eom.kill();
    const again = await runEom(["start"], { environment: environment() });
    expect(again).toEqual({
      code: 1,
      output: expect.stringMatching(/^The disk of .* has \d+ MiB left, .*make room\.\n$/),
    });
    rmSync(join(disk, "other"));
    eom = await startEom("start", { environment: environment() });
    fill(40 * mebibyte);
    await expect.poll(create).toMatchObject({ status: 503 });
    rmSync(join(disk, "other"));
    await expect.poll(create).toMatchObject({ status: 201 });
  });

  test("is ended by the watchdog when the disk fills faster than it can look, and has its data afterwards", async () => {
    const folder = join(disk, "data");
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import { sql } from "kysely";
        import { openEmbeddedDatabase } from "${new URL("database/embedded.ts", sources)}";
        import { startWatchdog } from "${new URL("watchdog.ts", sources)}";
        const { db } = await openEmbeddedDatabase(${JSON.stringify(folder)});
        await sql\`create table kept as select 'before' as word\`.execute(db);
        await sql\`create table filling (text text)\`.execute(db);
        startWatchdog(2, "");
        for (;;) await sql\`insert into filling select repeat(md5(random()::text), 30) from generate_series(1, 500)\`.execute(db)
          .catch((error) => console.log(error.code));`,
      ],
      { stdio: ["ignore", "ignore", "pipe"], cwd: join(import.meta.dirname, "../..") },
    );
    let errors = "";
    child.stderr.on("data", (text) => (errors += text));
    expect(await once(child, "close")).toEqual([null, "SIGKILL"]);
    expect(errors).toContain("the event loop has stood still for 2 s");
    execFileSync("mount", ["-o", "remount,size=400m", disk]);
    const opened = await openEmbeddedDatabase(folder);
    expect((await sql`select word from kept`.execute(opened.db)).rows).toEqual([{ word: "before" }]);
    await opened.close();
  });
});

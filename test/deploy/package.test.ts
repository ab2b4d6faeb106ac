import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { nodeRows, requireNode } from "../support/package/nodes.ts";
import { readPrinted } from "../support/package/printed.ts";
import { toTourScript } from "../support/package/tour.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** The image's user, which owns no file of the image. */
const uid = 65532;

const maxInstalledMebibytes = 120;

const urlPattern = /(?<=API +)http:\S+/;
const npmOptions = ["--prefer-offline", "--no-audit", "--no-fund"];

/** In one file: npm pack builds dist/eom, so no two tests may pack at once. */
describe("the packed package", () => {
  let folder: string;
  let tarball: string;
  let clientTarball: string;
  let files: readonly string[];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-package-"));
    await chmod(folder, 0o755);
    const pack = async (...args: readonly string[]) => {
      const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder, ...args], { cwd: root });
      const [packed] = Object.values<{ filename: string; files: { path: string }[] }>(
        JSON.parse(stdout.slice(stdout.search(/^[[{]/m))),
      );
      return { path: join(folder, packed?.filename ?? ""), files: packed?.files.map(({ path }) => path) ?? [] };
    };
    ({ path: tarball, files } = await pack());
    clientTarball = (await pack("--workspace", "@eom/client")).path;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child, "SIGKILL");
  });
  afterAll(async () => {
    await run("chmod", ["-R", "u+w", folder]);
    await rm(folder, { recursive: true, force: true });
  });

  const launch = (
    program: string,
    args: readonly string[],
    options: { cwd: string; env: Record<string, string>; uid?: number; gid?: number },
  ) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    return { child, waitFor: readPrinted(child), end: () => end(child, "SIGTERM") };
  };

  test("has compiled code with source maps, migrations, the document and licences, and neither sources nor tests", () => {
    const needed = ["db/migrations/0001_baseline.sql", "docs/reference/openapi.json", "LICENSES.txt"];
    expect(files).toEqual(expect.arrayContaining(needed.map((path) => `dist/eom/${path}`)));
    expect(files.filter((path) => /\.tsx?$|(^|\/)test\//.test(path))).toEqual([]);
    const code = files.filter((path) => path.startsWith("dist/eom/src/") && path.endsWith(".js"));
    expect(code.filter((path) => !files.includes(`${path}.map`))).toEqual([]);
  });

  describe.for(nodeRows)("on Node $major, in an empty folder,", (row) => {
    let home: string;
    let env: Record<string, string>;
    let command: string;
    beforeAll(async () => {
      home = join(folder, `node${row.major}`);
      command = join(home, "node_modules/.bin/eom");
      await mkdir(home);
      await writeFile(join(home, "package.json"), "{}");
      env = { PATH: `${requireNode(row)}:${process.env["PATH"]}`, HOME: process.env["HOME"] ?? "", EOM_PORT: "0" };
      await run("npm", ["install", ...npmOptions, tarball, clientTarball], { cwd: home, env });
    });
    const eom = (...args: readonly string[]) => launch(command, args, { cwd: home, env });

    test("prints its version and nothing else, and takes less than 120 MB, without another Node", async () => {
      expect((await run("node", ["--version"], { cwd: home, env })).stdout).toMatch(new RegExp(`^v${row.major}\\.`));
      const printed = await run("npx", ["eom", "--version"], { cwd: home, env });
      expect(printed).toEqual({ stdout: `${manifest.version}\n`, stderr: "" });
      const { stdout } = await run("du", ["-sm", "node_modules"], { cwd: home });
      expect(Number.parseInt(stdout, 10)).toBeLessThan(maxInstalledMebibytes);
      const modules = await readdir(join(home, "node_modules"));
      expect(modules.filter((name) => /^node-|scarf|swagger/.test(name))).toEqual([]);
    });

    test("does the README's tour", async () => {
      const [s3, server] = [eom("demo", "s3"), eom("start")];
      const url = await server.waitFor(urlPattern);
      const token = await server.waitFor(/(?<=shown this once: )\S+/);
      const script = await toTourScript({ url, token, exports: await s3.waitFor(/^export S3_.*/m) });
      const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: home, env });
      const lines = stdout.split("\n").filter((line) => line !== "");
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { name: "scenes-eu", verification: { status: "PASS" } },
        { status: "PASS" },
        { name: "inventory of scenes-eu" },
        { cause: "manual" },
        { schedule_name: "inventory of scenes-eu", cause: "manual" },
        { next: [{}, {}] },
        { ok: true },
        { error_code: "STORAGE_IN_USE" },
        { name: "trial" },
        { name: "trial", user_id: "user123" },
        { usage: { MaxOrderTimes: { used: 2 } } },
        { error_code: "QUOTA_EXCEEDED" },
      ]);
      expect((await fetch(`${url}/docs/swagger-ui-bundle.js`)).status).toBe(200);
      expect([await server.end(), await s3.end()]).toEqual([0, 0]);
    });

    test("does the same tour through @eom/client", async () => {
      const s3 = eom("demo", "s3");
      const variables = await s3.waitFor(/(?<=^export )S3_.*/m);
      const server = launch(command, ["start"], { cwd: home, env: { ...env, EOM_DATA_DIR: join(home, "tour") } });
      const url = await server.waitFor(urlPattern);
      const token = await server.waitFor(/(?<=shown this once: )\S+/);
      await cp(join(root, "examples/tour.mjs"), join(home, "tour.mjs"));
      const s3Environment = Object.fromEntries(variables.split(" ").map((pair) => pair.split("=")));
      const tour = { cwd: home, env: { ...env, ...s3Environment, EOM_URL: url, EOM_TOKEN: token } };
      expect((await run("node", ["tour.mjs"], tour)).stdout.trimEnd().split("\n")).toEqual([
        "storage scenes-eu PASS",
        "session manual",
        "slots 2",
        "well true",
        "delete STORAGE_IN_USE",
        "used 2",
        "again QUOTA_EXCEEDED",
      ]);
      expect([await server.end(), await s3.end()]).toEqual([0, 0]);
    });

    test("does the demo", async () => {
      const demo = eom("demo", "--sessions", "1");
      await demo.waitFor(/succeeded +300 objects/);
      expect(await once(demo.child, "exit")).toEqual([0, null]);
    });

    describe("on PostgreSQL", () => {
      let database: TestDatabase;
      beforeAll(async () => {
        database = await createTestDatabase("postgres");
        env = { ...env, EOM_DATABASE_URL: database.url ?? "", EOM_DATA_DIR: join(home, "keys") };
      });
      afterAll(() => database.close());

      test("checks migrations and everything else, and runs the API and the workers as processes of their own", async () => {
        expect((await run(command, ["migrate", "--check"], { cwd: home, env })).stderr).toBe("");
        expect((await run(command, ["doctor"], { cwd: home, env })).stdout).toMatch(/^ok +database/m);
        const [api, worker] = [eom("api"), eom("worker")];
        const url = await api.waitFor(urlPattern);
        await worker.waitFor(/workers +scan/);
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
        expect([await api.end(), await worker.end()]).toEqual([0, 0]);
      });
    });
  });

  test("starts as the Dockerfile installs it: by a user without rights, from files that are not writable", async () => {
    const [app, data] = [join(folder, "app"), join(folder, "data")];
    await mkdir(app);
    await mkdir(data, { mode: 0o777 });
    await chmod(data, 0o777);
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", app]);
    await cp(join(root, "package-lock.json"), join(app, "package-lock.json"));
    await run("npm", ["ci", "--omit=dev", "--ignore-scripts", ...npmOptions], { cwd: app });
    await run("chmod", ["-R", "a-w,a+rX", app]);
    await expect(stat(join(app, "node_modules/vitest"))).rejects.toThrow();

    // Copied, because the user may not be allowed to enter the folder of the checkout.
    const node = join(folder, "node");
    await cp(process.execPath, node);
    await chmod(node, 0o755);
    const server = launch(node, [join(app, manifest.bin.eom), "start"], {
      cwd: "/",
      env: { NODE_ENV: "production", EOM_DATA_DIR: join(data, "eom"), EOM_PORT: "0", EOM_LOG_LEVEL: "warn" },
      ...(process.getuid?.() === 0 ? { uid, gid: uid } : {}),
    });
    expect((await fetch(`${await server.waitFor(urlPattern)}/readyz`)).status).toBe(200);
    expect(await server.end()).toBe(0);
  });
});

/** @returns the exit code */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, "exit");
  child.kill(signal);
  return (await gone)[0];
}

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { assignQuota, createQuota } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { installClient, root, tsc } from "./installed.ts";
import { misuse, script, user, wrong } from "./users-programs.ts";

const run = promisify(execFile);

/** The strictest options of a user's compiler, without our own modules or Node's types. */
const strict = "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess".split(" ");
const plain = [...strict, "--target", "es2022", "--lib", "es2022,dom", "--types", "", "--skipLibCheck", "false"];

describe("the published client", () => {
  let folder: string;
  let installed: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-published-"));
    installed = await installClient(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const compile = async (file: string, options: readonly string[]) =>
    run(process.execPath, [tsc, ...options, file], { cwd: folder }).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );

  /** Lines of the compiler's errors. */
  const findLines = async (file: string) => {
    const answer = await compile(file, [...plain, "--module", "nodenext"]);
    return [...answer.matchAll(/^\w+\.ts\((\d+),/gm)].map(([, line]) => Number(line));
  };

  test("type-checks for a user who has neither zod nor Node's types", async () => {
    await writeFile(join(folder, "user.ts"), user);
    await writeFile(join(folder, "script.ts"), script);
    for (const file of ["user.ts", "script.ts"]) {
      expect(await compile(file, [...plain, "--module", "nodenext"])).toBe("");
      expect(await compile(file, [...plain, "--module", "esnext", "--moduleResolution", "bundler"])).toBe("");
    }
  });

  test("does not compile what its types forbid: no choice, amounts of an unknown type, an outcome that is not checked", async () => {
    await writeFile(join(folder, "misuse.ts"), misuse);
    expect(await findLines("misuse.ts")).toEqual([2, 4, 5, 6, 7]);
    await writeFile(join(folder, "wrong.ts"), wrong);
    expect(await findLines("wrong.ts")).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    ["client.js", 40_000],
    ["metering/client.js", 12_000],
    ["webhooks.js", 2_000],
  ])(
    "has %s in less than %i bytes, minified and gzipped, without a module of another package",
    async (entry, bytes) => {
      const { outputFiles, metafile } = await build({
        entryPoints: [join(installed, "dist", entry)],
        bundle: true,
        minify: true,
        write: false,
        metafile: true,
        format: "esm",
        platform: "browser",
      });
      expect(gzipSync(outputFiles[0]?.contents ?? "").length).toBeLessThan(bytes);
      expect(Object.keys(metafile.inputs).filter((path) => !path.includes("@eom/client/dist/"))).toEqual([]);
    },
  );

  test("names its errors in a minified bundle too", async () => {
    const entryPoints = [join(installed, "dist/client.js")];
    const outfile = join(folder, "minified.mjs");
    await build({ entryPoints, outfile, bundle: true, minify: true, format: "esm" });
    const names = "new client.NotFoundError({}).name, new client.EomUnreachableError({}).name";
    const text = `import * as client from "./minified.mjs"; console.log(${names})`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", text], { cwd: folder });
    expect(stdout).toBe("NotFoundError EomUnreachableError\n");
  });

  describe("in the example", () => {
    let app: TestApp;
    let server: HttpServer;
    let service: ChildProcess;
    let uncounted: AsyncIterator<string>;
    let url: string;
    beforeAll(async () => {
      app = await createTestApp("postgres");
      server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
      const { token } = (await app.request("POST", "/eom/admin/tokens", { label: "orders", role: "meter" })).body;
      await cp(join(root, "examples/order-service.ts"), join(folder, "order-service.ts"));
      const env = { PATH: process.env["PATH"], EOM_URL: server.url, EOM_TOKEN: token };
      service = spawn(process.execPath, ["order-service.ts"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
      uncounted = readLines(service.stderr)[Symbol.asyncIterator]();
      url = await findUrl(service);
    });
    afterAll(async () => {
      const gone = once(service, "exit");
      service.kill();
      await gone;
      await server.stop(0);
      await app.close();
    });

    const order = async (path: string, body: unknown) => {
      const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
      return { status: response.status, body: await response.json() };
    };

    test("type-checks", async () => {
      await symlink(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
      const options = ["--target", "esnext", "--module", "nodenext", "--types", "node", "--skipLibCheck"];
      expect(await compile("order-service.ts", [...strict, ...options])).toBe("");
    });

    test("runs: accepts orders until the quota is used up, and counts the used bytes", async () => {
      const user_id = randomUUID();
      await assignQuota(app, user_id, (await createQuota(app, { value: { max_order_times: 2 } })).id);
      const size = { type: "MaxSize", value: { max_size: 1000 } };
      await assignQuota(app, user_id, (await createQuota(app, size)).id);

      const first = await order("/orders", { order_id: randomUUID(), user_id, max_bytes: 800 });
      expect(first).toMatchObject({ status: 201, body: { bytes: 600 } });
      expect(await order("/orders", { order_id: randomUUID(), user_id, max_bytes: 800 })).toMatchObject({
        status: 429,
        body: { violations: [{ type: "MaxSize", used: 600, requested: 800 }] },
      });
      expect((await order("/previews", { order_id: randomUUID(), user_id })).status).toBe(201);
      expect((await order("/previews", { order_id: randomUUID(), user_id })).status).toBe(429);
      const { usage } = (await app.request("GET", `/eom/admin/users/${user_id}/usage`)).body;
      expect(usage).toMatchObject({ MaxOrderTimes: { used: 2, reserved: 0 }, MaxSize: { used: 600, reserved: 0 } });
    });

    test("runs: accepts orders while EOM is down, and reports the calls that were not counted, and no others", async () => {
      await server.stop(0);
      const answer = await order("/orders", { order_id: "order 17", user_id: "u", max_bytes: 100 });
      expect(answer).toMatchObject({ status: 201, body: { bytes: 75 } });
      for (const operation of ["reserve", "commit"]) {
        const { value } = await uncounted.next();
        expect(value).toContain(`"operation":"${operation}","userId":"u"`);
        expect(value).toContain(`"idempotencyKey":"order 17 ${operation}"`);
      }
    });
  });
});

async function findUrl(service: ChildProcess): Promise<string> {
  for await (const line of readLines(service.stdout)) {
    const url = /http:\/\/\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error("the service ended before it took orders");
}

function readLines(stream: Readable | null) {
  if (stream === null) throw new Error("no output to read");
  return createInterface({ input: stream });
}

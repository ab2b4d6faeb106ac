import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { assignQuota, createQuota } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/typescript/bin/tsc");

/** The strictest options of a user's compiler, without our own modules or Node's types. */
const strict = "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess".split(" ");
const plain = [...strict, "--target", "es2022", "--lib", "es2022,dom", "--types", "", "--skipLibCheck", "false"];

describe("the published client", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-published-"));
    const installed = join(folder, "node_modules/@eom/client");
    await mkdir(installed, { recursive: true });
    await cp(join(root, "clients/typescript/package.json"), join(installed, "package.json"));
    await run(process.execPath, [join(root, "clients/typescript/build.ts"), join(installed, "dist")]);
    await writeFile(join(folder, "package.json"), '{"type": "module"}');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const compile = async (file: string, options: readonly string[]) =>
    run(process.execPath, [tsc, ...options, file], { cwd: folder }).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );

  test("type-checks for a user who has neither zod nor Node's types", async () => {
    await writeFile(join(folder, "user.ts"), user);
    expect(await compile("user.ts", [...plain, "--module", "nodenext"])).toBe("");
    expect(await compile("user.ts", [...plain, "--module", "esnext", "--moduleResolution", "bundler"])).toBe("");
  });

  test("does not compile what its types forbid: no choice, amounts of an unknown type, an outcome that is not checked", async () => {
    await writeFile(join(folder, "misuse.ts"), misuse);
    const answer = await compile("misuse.ts", [...plain, "--module", "nodenext"]);
    expect([...answer.matchAll(/^misuse\.ts\((\d+),/gm)].map(([, line]) => Number(line))).toEqual([2, 4, 5, 6, 7]);
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

const user = `
import { createEomClient, EomError, type Denied, type Reservation } from "@eom/client";
const eom = createEomClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failClosed" });
export async function place(user: string): Promise<Reservation | Denied> {
  const told = await eom.reserve(user, { amounts: { MaxOrderTimes: 1, MaxSize: "1048576" }, ttl_seconds: 60 });
  if (told.outcome === "denied") return told;
  // Failing closed there is no third outcome: what is not denied has a reservation.
  const { reservation } = told;
  const remaining: number | null | undefined = (await eom.usage(user)).usage.MaxOrderTimes?.remaining;
  if (remaining === 0) await eom.release(user, reservation.id).catch((error) => error instanceof EomError);
  return reservation;
}
`;

const misuse = `import { createEomClient } from "@eom/client";
createEomClient({ baseUrl: "http://eom.test", token: "t" });
const open = createEomClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failOpen" });
await open.consume("u", { amounts: { MaxFun: 1 } });
(await open.reserve("u", { amounts: { MaxSize: 1 } })).reservation.id;
await open.consume("u", {});
await createEomClient({ baseUrl: "http://eom.test", token: "t", whenUnreachable: "failClosed" }).commit("u", null);
`;

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { describeSchedule, describeStorage } from "../contract/described.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";

const script = join(import.meta.dirname, "../../examples/migrate/carry-over.mjs");
const [storages, quotas, schedules] = ["/eom/admin/storages", "/eom/admin/quotas", "/ailbl/admin/schedules"];

const limit = { type: "MaxOrderTimes", value: { max_order_times: 7 }, expire: { type: "every", unit: "day" } };

let folder: string;
let [old, ours]: TestApp[] = [];
let servers: HttpServer[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-carry-over-"));
  // Stands for the old functions: it has their paths, fields and answers.
  old = await createTestApp("postgres", { EOM_STORAGE_VERIFY: "false" });
  ours = await createTestApp("embedded", { EOM_STORAGE_VERIFY: "false" });
  servers = await Promise.all(
    [old, ours].map(({ program }) => startHttpServer(program.app, "127.0.0.1", 0, connectionLimits)),
  );
});
afterAll(async () => {
  for (const server of servers) await server.stop(0);
  for (const app of [old, ours]) await app?.close();
  await rm(folder, { recursive: true, force: true });
});

async function carryOver(): Promise<{ readonly code: number; readonly lines: string[] }> {
  const environment = {
    OLD: servers[0]?.url,
    OLD_TOKEN: old?.tokens.viewer,
    NEW: servers[1]?.url,
    NEW_TOKEN: ours?.tokens.admin,
    CREDENTIALS: join(folder, "credentials.json"),
    USERS: join(folder, "users.txt"),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env: environment }, (error, output) =>
      resolve({ code: Number(error?.code ?? 0), lines: output.trim().split("\n") }),
    );
  });
}

async function make(path: string, body: unknown): Promise<string> {
  const made = await old?.request("POST", path, body);
  expect(made?.status, JSON.stringify(made?.body)).toBe(201);
  return made?.body.id;
}

const list = async (app: TestApp | undefined, path: string) =>
  (await app?.request("GET", `${path}?size=100`))?.body.data;

test("every object is carried over once, with its references, also when the script runs again; refused objects are reported", async () => {
  const storage = await make(storages, describeStorage({ name: "größe", labels: { team: "eo" } }));
  await make(storages, describeStorage({ name: "unproved" }));
  const quota = await make(quotas, { name: "orders", ...limit });
  await make("/eom/admin/users/ada%20l/quotas", { quota_id: quota });
  await make(schedules, describeSchedule({ name: "inventory", params: { storage_id: storage } }));
  await writeFile(join(folder, "users.txt"), "ada l\n");
  const credential = { access_key_id: "AK", secret_access_key: "SK" };
  await writeFile(join(folder, "credentials.json"), JSON.stringify({ [storage]: credential }));

  const first = await carryOver();
  // The file has no credential for the second storage.
  expect(first.code).toBe(1);
  expect(first.lines).toEqual(
    expect.arrayContaining([
      `${storages} größe: made`,
      expect.stringMatching(/storages unproved: VALIDATION_ERROR/),
      `${quotas} orders: made`,
      `/eom/admin/users/ada%20l/quotas ${quota}: made`,
      `${schedules} inventory: made`,
    ]),
  );
  const again = await carryOver();
  expect(again.lines.filter((line) => line.endsWith(": made"))).toEqual([]);

  const [carried, ...rest] = await list(ours, storages);
  expect(rest).toEqual([]);
  expect(carried).toMatchObject({ name: "größe", labels: { team: "eo", "python/id": storage } });
  expect(await list(ours, quotas)).toMatchObject([{ name: "orders", ...limit }]);
  expect(await list(ours, "/eom/admin/users/ada%20l/quotas")).toHaveLength(1);
  expect(await list(ours, schedules)).toMatchObject([
    { name: "inventory", enable: false, params: { storage_id: carried.id } },
  ]);
});

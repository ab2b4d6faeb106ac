import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { listSlotFaults } from "../scheduler/account.ts";
import { listCounterFaults, listSessionFaults } from "../scheduler/account-sessions.ts";
import { takeBaseBackup } from "../support/database/base-backup.ts";
import { createPostgresServer, type PostgresServer } from "../support/database/postgres.ts";
import { type EomProcess, runEom, startEom } from "../support/processes/eom-process.ts";
import { createLoad } from "../support/processes/load.ts";
import { partPatience } from "../support/time-limits.ts";

const token = "token-of-the-back-up-which-is-long-enough";
/** As in src/scheduler/workers.ts. */
const punctualSeconds = 10;

let folder: string;
let servers: PostgresServer[];
let processes: EomProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eom-backup-"));
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [{ name: "nothing", command: ["true"] }] }));
  servers = [];
  processes = [];
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  await Promise.all(servers.map((server) => server.remove()));
  await rm(folder, { recursive: true, force: true });
});

test("a back-up taken under load has every change that was answered before its end, and EOM continues on the restored data", async () => {
  const before = await createServer();
  const { load } = await start(before);
  const scheduleIds = await load.createSchedules();
  const quotaId = await load.createUser();
  const underWay = load.begin(scheduleIds);
  await expect.poll(() => underWay.done.triggered, partPatience).toBeGreaterThan(20);
  // Clients go on during the back-up, which has every change that was answered before its end.
  const backup = join(folder, "backup");
  const answered = await takeBaseBackup(before, backup, () => [...underWay.done.consumed]);
  await expect.poll(() => underWay.done.consumed.length, partPatience).toBeGreaterThan(answered.length + 50);
  const { failures } = await underWay.stop();
  expect(failures).toEqual([]);
  await endAll();
  await before.stop();

  const after = await createServer(backup);
  expect(await runEom(["quota", "reconcile"], { environment: toEnvironment(after) })).toMatchObject({
    code: 0,
    output: expect.stringContaining('"differing":0'),
  });
  const restored = await start(after);
  const used = await readUsed(restored.load, quotaId);
  expect(used).toBeGreaterThanOrEqual(answered.length);
  for (const key of [...answered.slice(0, 20), ...answered.slice(-20)])
    expect((await restored.load.consume(key)).status).toBe(200);
  expect(await readUsed(restored.load, quotaId)).toBe(used);

  for (const id of scheduleIds) await restored.load.ask("POST", `/ailbl/admin/schedules/${id}/disable`, {});
  const { db, close } = openPostgresDatabase(after.url, 2);
  const countUnfinished = () =>
    db
      .selectFrom("ailbl_session")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("phase", "in", ["waiting", "retrying", "active"])
      .executeTakeFirstOrThrow();
  await expect.poll(countUnfinished, partPatience).toEqual({ count: 0 });
  const end = Date.now();
  expect(await listSessionFaults(db)).toEqual([]);
  expect(await listCounterFaults(db)).toEqual([]);
  for (const id of scheduleIds) expect(await listSlotFaults(db, id, end, punctualSeconds)).toEqual([]);
  await close();
  expect(await runEom(["quota", "reconcile"], { environment: toEnvironment(after) })).toMatchObject({ code: 0 });
});

async function createServer(backup?: string): Promise<PostgresServer> {
  const server = await createPostgresServer(backup);
  servers.push(server);
  return server;
}

/** Starts two processes: an API and a worker. */
async function start(server: PostgresServer) {
  const environment = toEnvironment(server);
  const api = await startEom("api", { environment });
  const worker = await startEom("worker", { environment });
  processes.push(api, worker);
  return { load: createLoad(api.url ?? "", token) };
}

async function endAll(): Promise<void> {
  await Promise.all(processes.map((process) => process.stop()));
  processes = [];
}

function toEnvironment({ url }: PostgresServer): Record<string, string> {
  return {
    EOM_DATABASE_URL: url,
    EOM_DATABASE_POOL: "6",
    EOM_MIGRATE: "true",
    EOM_DATA_DIR: join(folder, "data"),
    EOM_KEY_FILE: join(folder, "key"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_PORT: "0",
    EOM_LOG_LEVEL: "error",
    EOM_LOG_FORMAT: "json",
  };
}

async function readUsed(load: ReturnType<typeof createLoad>, quotaId: string): Promise<number> {
  return (await load.ask("GET", `/eom/admin/users/ada/quotas/${quotaId}`)).body.usage.used;
}

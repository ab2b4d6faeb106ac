import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { listSlotFaults } from "../scheduler/account.ts";
import { listCounterFaults, listSessionFaults } from "../scheduler/account-sessions.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { type Balancer, startBalancer } from "../support/http/balancer.ts";
import { type EomProcess, runEom, startEom, thisCheckout } from "../support/processes/eom-process.ts";
import { createLoad, type Load } from "../support/processes/load.ts";
import { createNextVersion } from "../support/processes/next-version.ts";

const rollingSeconds = Number(process.env["EOM_ROLLING_SECONDS"] ?? 120);
const maxCatchUpSeconds = 360;
/** As in src/scheduler/workers.ts. */
const punctualSeconds = 10;
const token = "token-of-the-rolling-upgrade";

let database: TestDatabase;
let folder: string;
let environment: Record<string, string>;
let balancer: Balancer;
let load: Load;
let processes: Set<EomProcess>;
beforeEach(async () => {
  database = await createTestDatabase("postgres");
  folder = await mkdtemp(join(tmpdir(), "eom-rolling-"));
  await writeFile(join(folder, "jobs.json"), JSON.stringify({ jobs: [{ name: "nothing", command: ["true"] }] }));
  environment = {
    EOM_DATABASE_URL: database.url ?? "",
    EOM_DATABASE_POOL: "6",
    EOM_DATA_DIR: join(folder, "data"),
    EOM_KEY_FILE: join(folder, "key"),
    EOM_JOBS_FILE: join(folder, "jobs.json"),
    EOM_ADMIN_TOKEN: token,
    EOM_PORT: "0",
    EOM_LOG_LEVEL: "error",
    EOM_LOG_FORMAT: "json",
  };
  balancer = await startBalancer();
  load = createLoad(balancer.url, token);
  processes = new Set();
});
afterEach(async () => {
  await Promise.all([...processes].map((process) => process.kill()));
  await balancer.stop();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test("a rolling upgrade with a migration fails no request and loses no slot", {
  timeout: (rollingSeconds + maxCatchUpSeconds + 480) * 1000,
}, async () => {
  const parts = [await begin("api"), await begin("api"), await begin("worker"), await begin("worker")];
  const scheduleIds = await load.createSchedules();
  const quotaId = await load.createUser();
  const underWay = load.begin(scheduleIds);
  const replaceAll = async (checkout: string) => {
    for (const part of parts) {
      const before = underWay.done.requests;
      await part.replace(checkout);
      expect(underWay.done.requests, "nothing was asked meanwhile").toBeGreaterThan(before);
    }
  };
  const until = Date.now() + rollingSeconds * 1000;
  await replaceAll(thisCheckout);
  const next = await createNextVersion("alter table ailbl_session add column of_the_next_version integer;\n");
  onTestFinished(next.remove);
  expect(await runEom(["migrate"], { checkout: next.checkout, environment })).toMatchObject({ code: 0 });
  do await replaceAll(next.checkout);
  while (Date.now() < until);
  const done = await underWay.stop();

  // A downgrade is refused: the older version does not know this database.
  const { code, output } = await runEom(["api"], { environment });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/newer EOM.*9999_next/) });

  for (const id of scheduleIds) await load.ask("POST", `/ailbl/admin/schedules/${id}/disable`, {});
  await expect.poll(countUnfinished, { timeout: maxCatchUpSeconds * 1000, interval: 200 }).toBe(0);
  const end = Date.now();
  expect(done.failures.slice(0, 5)).toEqual([]);
  expect(done.retries / done.requests).toBeLessThan(0.01);
  expect(await countManual()).toBe(done.triggered);
  expect((await load.ask("GET", `/eom/admin/users/ada/quotas/${quotaId}`)).body.usage.used).toBe(done.consumed.length);
  expect(await listSessionFaults(database.db)).toEqual([]);
  expect(await listCounterFaults(database.db)).toEqual([]);
  for (const id of scheduleIds) expect(await listSlotFaults(database.db, id, end, punctualSeconds)).toEqual([]);
});

/** A replica of the deployment: one process, replaced by the next. */
async function begin(command: "api" | "worker") {
  const start = async (checkout: string) => {
    const process = await startEom(command, { checkout, environment });
    processes.add(process);
    if (process.url !== null) balancer.add(process.url);
    return process;
  };
  let now = await start(thisCheckout);
  return {
    /** Starts the new process before it stops the old process. */
    async replace(checkout: string) {
      const old = now;
      now = await start(checkout);
      expect(await old.stop()).toBe(0);
      processes.delete(old);
    },
  };
}

async function countUnfinished(): Promise<number> {
  return count(sql`ailbl_session where phase in ('waiting', 'retrying', 'active')`);
}

async function countManual(): Promise<number> {
  return count(sql`ailbl_session where cause = 'manual'`);
}

async function count(from: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from ${from}`.execute(database.db);
  return rows[0]?.count ?? -1;
}

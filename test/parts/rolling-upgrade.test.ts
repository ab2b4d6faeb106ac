import { randomUUID } from "node:crypto";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listSlotFaults } from "../scheduler/account.ts";
import { listCounterFaults, listSessionFaults } from "../scheduler/account-sessions.ts";
import { type Balancer, startBalancer } from "../support/balancer.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type EomProcess, runEom, startEom, thisCheckout } from "../support/eom-process.ts";

const rollingSeconds = Number(process.env["EOM_ROLLING_SECONDS"] ?? 120);
const settlingSeconds = 90;
const clients = 6;
/** As workers.ts has it. */
const punctualSeconds = 10;
const token = "token-of-the-rolling-upgrade";

let database: TestDatabase;
let folder: string;
let environment: Record<string, string>;
let balancer: Balancer;
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
  processes = new Set();
});
afterEach(async () => {
  await Promise.all([...processes].map((one) => one.kill()));
  await balancer.stop();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test("processes replaced one at a time by those of a next version, with a migration between, fail no request and lose no slot", {
  timeout: (rollingSeconds + settlingSeconds + 120) * 1000,
}, async () => {
  const parts = [await begin("api"), await begin("api"), await begin("worker"), await begin("worker")];
  const scheduleIds = await createSchedules();
  const quotaId = await createUser();
  const load = beginLoad(scheduleIds);
  const until = Date.now() + rollingSeconds * 1000;
  for (const part of parts) await part.replace(thisCheckout);
  const next = await createNextVersion();
  expect(await runEom(["migrate"], { checkout: next, environment })).toMatchObject({ code: 0 });
  do for (const part of parts) await part.replace(next);
  while (Date.now() < until);
  const done = await load.stop();

  // Whoever is told to go back finds a database that it does not know.
  const { code, output } = await runEom(["api"], { environment });
  expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(/newer EOM.*9999_next/) });

  for (const id of scheduleIds) await ask("POST", `/ailbl/admin/schedules/${id}/disable`, {});
  await expect.poll(countUnfinished, { timeout: settlingSeconds * 1000, interval: 200 }).toBe(0);
  const end = Date.now();
  expect(done.failures.slice(0, 5)).toEqual([]);
  expect(done.retries / done.requests).toBeLessThan(0.01);
  expect(done.requests).toBeGreaterThan(rollingSeconds * 20);
  expect(await countManual()).toBe(done.triggered);
  expect((await ask("GET", `/eom/admin/users/ada/quotas/${quotaId}`)).body.usage.used).toBe(done.consumed);
  expect(await listSessionFaults(database.db)).toEqual([]);
  expect(await listCounterFaults(database.db)).toEqual([]);
  for (const id of scheduleIds) expect(await listSlotFaults(database.db, id, end, punctualSeconds)).toEqual([]);
});

/** One place in the deployment, filled by one process after the other. */
async function begin(command: "api" | "worker") {
  const start = async (checkout: string) => {
    const one = await startEom(command, { checkout, environment });
    processes.add(one);
    if (one.url !== null) balancer.add(one.url);
    return one;
  };
  let now = await start(thisCheckout);
  return {
    /** The new one serves before the old one is asked to stop. */
    async replace(checkout: string) {
      const old = now;
      now = await start(checkout);
      expect(await old.stop()).toBe(0);
      processes.delete(old);
    },
  };
}

/** The same program with one migration more, which adds what the program before it does not know. */
async function createNextVersion(): Promise<string> {
  const next = join(folder, "next");
  for (const name of ["src", "db", "package.json"]) {
    await cp(join(thisCheckout, name), join(next, name), { recursive: true });
  }
  await symlink(join(thisCheckout, "node_modules"), join(next, "node_modules"));
  const migration = "alter table ailbl_session add column of_the_next_version integer;\n";
  await writeFile(join(next, "db/migrations/9999_next.sql"), migration);
  return next;
}

async function createSchedules(): Promise<string[]> {
  const ids: string[] = [];
  for (const overlap of ["allow", "skip", "queue"]) {
    for (const expression of ["* * * * * *", "*/3 * * * * *"]) {
      const { body } = await ask("POST", "/ailbl/admin/schedules", {
        name: `${overlap} ${expression}`,
        kind: 1,
        trigger: { type: "cron", expression, time_zone: "UTC" },
        job: { name: "nothing" },
        policy: { overlap, misfire: "all", max_retries: 3, retry_delay_seconds: 1 },
      });
      ids.push(body.id);
    }
  }
  return ids;
}

async function createUser(): Promise<string> {
  const { body } = await ask("POST", "/eom/admin/quotas", {
    name: "orders",
    type: "MaxOrderTimes",
    value: { max_order_times: 10_000_000 },
  });
  expect((await ask("POST", "/eom/admin/users/ada/quotas", { quota_id: body.id })).status).toBe(201);
  return body.id;
}

/** Clients that read, count and trigger, each one request after the other, and ask once more where one fails. */
function beginLoad(scheduleIds: readonly string[]) {
  const done = { requests: 0, retries: 0, consumed: 0, triggered: 0, failures: [] as string[] };
  const over = new AbortController();

  async function send(method: string, path: string, body?: object): Promise<boolean> {
    const headers = { "idempotency-key": randomUUID() };
    done.requests += 1;
    let said = await tryOnce(method, path, body, headers);
    if (said !== null) {
      done.retries += 1;
      said = await tryOnce(method, path, body, headers);
    }
    if (said !== null) done.failures.push(`${method} ${path}: ${said}`);
    return said === null;
  }

  async function live(): Promise<void> {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      await send("GET", "/ailbl/admin/sessions?size=20&asc=false");
      if (await send("POST", "/eom/admin/users/ada/usage/consume", { amounts: { MaxOrderTimes: 1 } }))
        done.consumed += 1;
      if (turn % 20 === 0) {
        const id = scheduleIds[turn % scheduleIds.length];
        if (await send("POST", `/ailbl/admin/schedules/${id}/trigger`, {})) done.triggered += 1;
      }
      await delay(10);
    }
  }

  const lives = Array.from({ length: clients }, live);
  return {
    async stop() {
      over.abort();
      await Promise.all(lives);
      return done;
    },
  };
}

/** @returns what went wrong, or null */
async function tryOnce(method: string, path: string, body: object | undefined, headers: Record<string, string>) {
  try {
    const { status, body: answer } = await ask(method, path, body, headers);
    return status < 300 ? null : `${status} ${JSON.stringify(answer)}`;
  } catch (error) {
    return String(error instanceof Error ? (error.cause ?? error) : error);
  }
}

async function ask(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(balancer.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : JSON.parse(text) };
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

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createScheduler, type Scheduler } from "../../src/compose/scheduler.ts";
import { createEngines } from "../../src/engines/registry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createId } from "../../src/platform/id.ts";
import { listSlotFaults } from "../scheduler/account.ts";
import { listCounterFaults, listOverlapping, listSessionFaults } from "../scheduler/account-sessions.ts";
import { change, createTestLog, noStorages, toCreate } from "../scheduler/world.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import { createMarkedEngine } from "../support/processes/scheduler-jobs.ts";
import type { WorkerTask } from "../support/processes/scheduler-worker.ts";

/** Seconds during which workers are killed. Set EOM_KILLING_SECONDS=600 for a longer search. */
const killingSeconds = Number(process.env["EOM_KILLING_SECONDS"] ?? 120);

const leastKilled = killingSeconds / 5;

/** Time for the last leases to expire, for a sweep to find them, and for their sessions to run again: a minute or two, four times that here. */
const maxCatchUpSeconds = 480;

const workerCount = 4;

/** As in createSchedulerWorkers. */
const punctualSeconds = 10;

interface Worker {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
}

describe("four worker processes that are killed at random under load", () => {
  let database: TestDatabase;
  let folder: string;
  let task: WorkerTask;
  let api: Scheduler;
  const workers = new Set<Worker>();

  beforeEach(async () => {
    database = await createTestDatabase("postgres");
    folder = await mkdtemp(join(tmpdir(), "eom-killed-workers-"));
    task = { url: database.url ?? "", launchesFile: join(folder, "launches"), mark: createId() };
    await writeFile(task.launchesFile, "");
    const { log } = createTestLog();
    const engine = createMarkedEngine(task.mark, { clock: systemClock, log, onRunEnded() {} });
    const engines = createEngines([engine], engine.name);
    api = createScheduler({ db: database.db, clock: systemClock, log, engines, storages: noStorages, onWork() {} });
  });
  afterEach(async () => {
    for (const { child } of workers) child.kill("SIGKILL");
    await database.close();
    await rm(folder, { recursive: true });
  });

  test(
    "leave each slot with one session or one reason, launch no run twice, and leave no process behind",
    async () => {
      const ids = await createSchedules();
      for (let count = 0; count < workerCount; count += 1) await start();
      const killed = await killAtRandom(ids);
      for (const id of ids) await api.schedules.setEnabled(id, false, null, change);
      await expect.poll(countUnfinished, { timeout: maxCatchUpSeconds * 1000, interval: 500 }).toBe(0);
      const end = Date.now();
      await Promise.all([...workers].map(stop));

      expect(await listMarkedProcesses()).toEqual([]);
      expect(await listLaunchedTwice()).toEqual([]);
      expect(await listSessionFaults(database.db)).toEqual([]);
      expect(await listCounterFaults(database.db)).toEqual([]);
      for (const id of ids) expect(await listSlotFaults(database.db, id, end, punctualSeconds)).toEqual([]);
      expect(killed).toBeGreaterThan(leastKilled);
    },
    (4 * killingSeconds + maxCatchUpSeconds + 240) * 1000,
  );

  /** Most schedules fire each second, and most jobs do nothing: the load is EOM's own work. */
  async function createSchedules(): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < 240; index += 1) {
      const pick = <T>(...of: readonly [T, ...T[]]) => of[index % of.length] ?? of[0];
      const isReal = index % 12 === 0;
      const fields = toCreate({
        owner: `owner ${index % 7}`,
        trigger: { type: "cron", expression: isReal || index % 3 === 0 ? "*/5 * * * * *" : "* * * * * *" },
        job: { name: isReal ? (["echo", "fail", "family"][(index / 12) % 3] ?? "echo") : "nothing" },
        policy: {
          overlap: pick("skip", "queue", "allow", "cancel_previous", "skip"),
          misfire: pick("skip", "latest", "all"),
          max_retries: index % 2,
          retry_delay_seconds: 2,
          max_sessions: index % 20 === 7 ? 30 : null,
        },
      });
      ids.push((await api.schedules.create(fields, change)).id);
    }
    return ids;
  }

  async function start(): Promise<void> {
    const script = new URL("../support/processes/scheduler-worker.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["pipe", "pipe", "inherit"] });
    workers.add({ child, exited: once(child, "exit") });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe("ready");
  }

  async function stop({ child, exited }: Worker): Promise<void> {
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
  }

  /** Kills workers, and meanwhile disables and edits schedules, as people do. @returns the number of killed workers */
  async function killAtRandom(ids: readonly string[]): Promise<number> {
    const until = Date.now() + killingSeconds * 1000;
    let killed = 0;
    // A busy machine starts workers slowly: it needs more time for the same number of kills.
    while (Date.now() < until || killed <= leastKilled) {
      await delay(200 + Math.random() * 2000);
      const victim = [...workers][Math.floor(Math.random() * workers.size)];
      if (victim === undefined) throw new Error("no worker is left");
      victim.child.kill("SIGKILL");
      await victim.exited;
      workers.delete(victim);
      killed += 1;
      await edit(ids[Math.floor(Math.random() * ids.length)] ?? "", killed);
      expect(await listOverlapping(database.db)).toEqual([]);
      await start();
    }
    return killed;
  }

  async function edit(id: string, turn: number): Promise<void> {
    const expression = turn % 4 === 0 ? "*/2 * * * * *" : "*/3 * * * * *";
    if (turn % 2 === 0)
      await api.schedules.update(id, { trigger: { type: "cron", expression, time_zone: "UTC" } }, null, change);
    else {
      const { enable } = await api.schedules.find(id);
      await api.schedules.setEnabled(id, !enable, null, change);
    }
  }

  async function countUnfinished(): Promise<number> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ailbl_session where phase in ('waiting', 'retrying', 'active')`.execute(
      database.db,
    );
    return rows[0]?.count ?? -1;
  }

  async function listLaunchedTwice(): Promise<string[]> {
    const lines = (await readFile(task.launchesFile, "utf8")).trim().split("\n");
    return [...Map.groupBy(lines, (line) => line)].filter(([, same]) => same.length > 1).map(([line]) => line);
  }

  /** Processes of this test's jobs, whichever parent they have. */
  async function listMarkedProcesses(): Promise<string[]> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const marked = await Promise.all(
      pids.map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
        return environment.includes(`EOM_TEST_MARK=${task.mark}`) ? [pid] : [];
      }),
    );
    return marked.flat();
  }
});

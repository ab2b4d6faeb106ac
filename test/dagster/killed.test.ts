import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type RealDagster, startDagster } from "../support/dagster/dagster.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";
import type { TestApp } from "../support/http/app.ts";
import { partPatience } from "../support/time-limits.ts";
import { createAsking, type Session, startEom } from "./asking.ts";

let dagster: RealDagster;
let runs: DatabaseSync;
beforeAll(async () => {
  dagster = await startDagster();
  runs = new DatabaseSync(join(dagster.home, "history/runs.db"), { readOnly: true });
});
afterAll(async () => {
  runs?.close();
  await dagster?.stop();
});

type Asking = ReturnType<typeof createAsking>;

/** A search for runs, then a lease, then another search, while two cores start dozens of runs: 270 s on a quiet machine. */
const searchPatience = { ...partPatience, timeout: 1_080_000 };
const timeout = 1_500_000;

describe("Dagster's webserver, killed in the middle of launches and started again", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startEom(dagster);
  });
  afterAll(() => app?.close());

  test("leaves every session with one run, its own, that succeeds", { timeout }, async () => {
    const asking = createAsking(
      (...asked) => app.request(...asked),
      () => dagster,
    );
    const sessions: Session[] = [];
    let orphans = 0;
    /** Conditions at which the webserver is killed. */
    const moments: ((scheduleId: string, triggered: readonly Session[]) => unknown)[] = [
      // Recorded and not submitted: without the webserver, nothing will ever start such a run.
      (id) => expect(countRuns(id, "NOT_STARTED")).toBeGreaterThan(0),
      async (_, [first]) => expect(await asking.find(first?.id ?? "")).toMatchObject({ state: "running" }),
      (id) => expect(countRuns(id)).toBeGreaterThan(5),
    ];
    for (const moment of moments) {
      const scheduleId = await asking.createSchedule("ok", { policy: { overlap: "allow" } });
      const triggered = await asking.triggerAll(scheduleId, 12);
      await vi.waitFor(() => moment(scheduleId, triggered), { ...partPatience, interval: 1 });
      await dagster.webserver.kill();
      orphans += countRuns(scheduleId, "NOT_STARTED");
      sessions.push(...triggered);
      await dagster.webserver.start();
    }
    expect(orphans).toBeGreaterThan(0);
    await expectOneRunEach(asking, sessions);
  });
});

describe("EOM, killed in the middle of launches and started again", () => {
  let folder: string;
  let database: TestDatabase;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-killed-"));
    database = await createTestDatabase("postgres");
  });
  afterEach(async () => {
    await killAll();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("leaves every session with one run, its own, that succeeds", { timeout }, async () => {
    let asking = await start();
    const scheduleId = await asking.createSchedule("ok", { policy: { overlap: "allow" } });
    const launched = await asking.triggerAll(scheduleId, 12);
    await vi.waitFor(() => expect(countRuns(scheduleId)).toBeGreaterThan(0), { ...partPatience, interval: 1 });
    await killAll();

    asking = await start();
    const polled = await asking.triggerAll(await asking.createSchedule("ok"), 1);
    for (const { id } of polled) await asking.until(id, { state: "running" });
    await killAll();

    await expectOneRunEach(await start(), [...launched, ...polled]);
  });

  /** Runs `eom start` up to its banner. */
  async function start(): Promise<Asking> {
    const child = spawn(process.execPath, [mainFile, "start"], {
      env: {
        EOM_DATA_DIR: folder,
        EOM_DATABASE_URL: database.url ?? "",
        EOM_ADMIN_TOKEN: token,
        EOM_PORT: "0",
        EOM_ENGINE: "dagster",
        EOM_DAGSTER_URL: dagster.url,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let url = "";
    for await (const line of createInterface({ input: child.stdout })) {
      url ||= /API +(\S+)/.exec(line)?.[1] ?? "";
      if (line.includes("workers ")) break;
    }
    child.stdout.resume();
    return createAsking(
      (...asked) => request(url, ...asked),
      () => dagster,
    );
  }

  /** Kills all processes, as a crash of the machine would. */
  async function killAll(): Promise<void> {
    for (const child of children.splice(0)) {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      child.kill("SIGKILL");
      await gone;
    }
  }
});

const token = "token-of-the-dagster-test";
const mainFile = join(import.meta.dirname, "../../src/main.ts");

async function request(url: string, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) ?? null });
  return { status: response.status, body: await response.json() };
}

/** Expects that each session succeeds at its first attempt, and that its only run that is not canceled is its own and succeeded. */
async function expectOneRunEach(asking: Asking, sessions: readonly Session[]): Promise<void> {
  const ends = sessions.map(({ id }) => asking.until(id, { state: "succeeded", attempt: 1 }, searchPatience));
  for (const { id, run } of await Promise.all(ends)) {
    // A second run is ended when the search finds it.
    const listAlive = async () => (await asking.listRuns(id)).filter(({ status }) => status !== "CANCELED");
    await expect.poll(listAlive, partPatience).toMatchObject([{ runId: run?.id, status: "SUCCESS" }]);
  }
}

/** Counts runs in Dagster's database, which has a run before the webserver reports it. */
function countRuns(scheduleId: string, status: string | null = null): number {
  const row = runs
    .prepare(
      `select count(*) as count from runs join run_tags using (run_id)
      where key = 'eom/schedule_id' and value = ? and status = coalesce(?, status)`,
    )
    .get(scheduleId, status);
  return Number(row?.["count"]);
}

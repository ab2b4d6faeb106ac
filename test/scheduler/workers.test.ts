import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/platform/clock.ts";
import { createWorkerMetrics } from "../../src/platform/worker/metrics.ts";
import { createWakeUp } from "../../src/platform/worker/wake-up.ts";
import { createLocalEngine } from "../../src/scheduler/engines/local/engine.ts";
import { createSchedulerMetrics } from "../../src/scheduler/metrics.ts";
import { createScheduler } from "../../src/scheduler/scheduler.ts";
import { listSessionsSchema } from "../../src/scheduler/session-model.ts";
import { createSchedulerWorkers } from "../../src/scheduler/workers.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database.ts";
import { change, createTestLog, jobs, noStorages, toCreate } from "./world.ts";

describe.each(databaseKinds)("the workers on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  function createProgram() {
    const { db } = database;
    const { log, lines } = createTestLog();
    const clock = systemClock;
    const wakeUp = createWakeUp();
    const path = process.env["PATH"] ?? "";
    const engine = createLocalEngine({
      jobs: Object.values(jobs),
      builtIns: [],
      clock,
      log,
      path,
      maxRuns: 10,
      graceSeconds: 5,
      onRunEnded: wakeUp.wake,
    });
    const registry = new Registry();
    const workers = createSchedulerWorkers({
      db,
      clock,
      log,
      engine,
      storages: noStorages,
      metrics: createSchedulerMetrics(registry),
      workerMetrics: createWorkerMetrics(registry),
      wakeUp,
      isOnlyProcess: false,
    });
    return { workers, lines, registry, api: createScheduler({ db, clock, engine, onWork: wakeUp.wake }) };
  }

  test("run a schedule that is due every second, by themselves", async () => {
    const { workers, api, lines, registry } = createProgram();
    const trigger = { type: "cron", expression: "* * * * * *" };
    const { id } = await api.schedules.create(toCreate({ trigger, policy: { overlap: "allow" } }), change);
    await workers.start();
    const query = listSessionsSchema.parse({ schedule_id: [id], state: ["succeeded"] });
    await vi.waitFor(async () => expect((await api.sessions.list(query)).total).toBeGreaterThanOrEqual(2), {
      timeout: 15_000,
      interval: 50,
    });
    await api.schedules.setEnabled(id, false, null, change);
    await workers.stop();
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(await registry.metrics()).toMatch(/eom_worker_turns_total\{worker="scan",outcome="done"\} \d/);
  });

  test("end what runs when they are stopped, and write down why", async () => {
    const { workers, api } = createProgram();
    const schedule = await api.schedules.create(toCreate({ job: { name: "hang" }, enable: false }), change);
    await workers.start();
    const { id } = await api.sessions.trigger(schedule.id, change);
    await vi.waitFor(async () => expect((await api.sessions.find(id)).state).toBe("running"), {
      timeout: 10_000,
      interval: 20,
    });
    await Promise.all([workers.stop(), workers.stop()]);
    expect(await api.sessions.find(id)).toMatchObject({ state: "failed", error: { code: "ENGINE_STOPPED" } });
  });

  test("a single turn that launches waits for the end of what it launched", async () => {
    const { workers, api } = createProgram();
    const schedule = await api.schedules.create(toCreate({ enable: false }), change);
    const { id } = await api.sessions.trigger(schedule.id, change);
    const { signal } = new AbortController();
    expect(JSON.stringify(await workers.turn("scan", signal))).toBe('{"schedules":0,"sessions":0,"skipped":0}');
    expect(await workers.turn("pick", signal)).toMatchObject({ claimed: 1, launched: 1 });
    expect((await api.sessions.find(id)).state).toBe("succeeded");
    await workers.stop();
  });
});

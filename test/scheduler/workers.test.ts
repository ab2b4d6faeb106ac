import { sql } from "kysely";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createScheduler } from "../../src/compose/scheduler.ts";
import { createDagsterEngine } from "../../src/engines/dagster/engine.ts";
import { type Engine, EngineUnreachable } from "../../src/engines/engine.ts";
import { createLocalEngine } from "../../src/engines/local/engine.ts";
import { createEngines } from "../../src/engines/registry.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { createWorkerMetrics } from "../../src/platform/worker/metrics.ts";
import { createWakeUp } from "../../src/platform/worker/wake-up.ts";
import { createSchedulerMetrics } from "../../src/scheduler/metrics.ts";
import { createSchedulerWorkers } from "../../src/scheduler/workers.ts";
import { listSessionsSchema } from "../../src/sessions/model.ts";
import { type FakeDagster, startFakeDagster } from "../engines/dagster/fake-dagster.ts";
import { hold } from "../engines/dagster/misbehaviour.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { firstPage } from "../support/first-page.ts";
import { patience } from "../support/time-limits.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, createTestLog, jobs, noStorages, rightClock, toCreate } from "./world.ts";

describe.each(databaseKinds)("the workers on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  function createProgram(others: readonly Engine[] = []) {
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
      launchesPerSecond: null,
      graceSeconds: 5,
      onRunEnded: wakeUp.wake,
    });
    const engines = createEngines([engine, ...others], engine.name);
    const registry = new Registry();
    const api = createScheduler({ db, clock, log, engines, storages: noStorages, onWork: wakeUp.wake });
    const workers = createSchedulerWorkers({
      db,
      clock,
      clockGuard: rightClock,
      log,
      engines,
      storages: noStorages,
      schedules: api.schedules,
      sessions: api.sessions,
      metrics: createSchedulerMetrics(registry),
      workerMetrics: createWorkerMetrics(registry),
      wakeUp,
      isOnlyProcess: false,
    });
    return { workers, lines, registry, api };
  }

  test("run a schedule that is due every second", async () => {
    const { workers, api, lines, registry } = createProgram();
    const trigger = { type: "cron", expression: "* * * * * *" };
    const { id } = await api.schedules.create(toCreate({ trigger, policy: { overlap: "allow" } }), change);
    await workers.start();
    const query = listSessionsSchema.parse({ schedule_id: [id], state: ["succeeded"] });
    await vi.waitFor(
      async () => expect((await api.sessions.list(query, firstPage)).total).toBeGreaterThanOrEqual(2),
      patience,
    );
    await api.schedules.setEnabled(id, false, null, change);
    await workers.stop();
    expect(lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(await registry.metrics()).toMatch(/eom_worker_turns_total\{worker="scan",outcome="done"\} \d/);
  });

  test("scan, and run the sessions of other engines, while one engine does not answer", async () => {
    const fake = await startFakeDagster();
    const { misbehaviour, release } = hold();
    const dagster = createDagsterEngine({
      name: "dagster",
      url: fake.url,
      headers: {},
      launchesPerSecond: null,
      maxRuns: null,
      log: createTestLog().log,
    });
    const { workers, api } = createProgram([dagster]);
    const common = { trigger: { type: "cron", expression: "* * * * * *" }, policy: { overlap: "allow" } };
    const job = { location: "pipelines", repository: null, name: "ok" };
    const slow = await api.schedules.create(toCreate({ ...common, engine: "dagster", job }), change);
    const quick = await api.schedules.create(toCreate(common), change);
    fake.misbehave(misbehaviour);
    await workers.start();
    const count = async (schedule: { id: string }, ...state: string[]) =>
      (await api.sessions.list(listSessionsSchema.parse({ schedule_id: [schedule.id], state }), firstPage)).total;
    await vi.waitFor(async () => {
      // Scan serves both schedules, pick and poll only the engine that answers.
      expect(await count(slow, "pending", "claimed")).toBeGreaterThanOrEqual(4);
      expect(await count(quick, "succeeded")).toBeGreaterThanOrEqual(3);
    }, patience);
    expect(fake.count("LaunchRun")).toBeGreaterThan(0);
    expect(await count(slow, "running")).toBe(0);
    release();
    await vi.waitFor(async () => expect(await count(slow, "running")).toBeGreaterThan(0), patience);
    for (const { id } of [slow, quick]) await api.schedules.setEnabled(id, false, null, change);
    await workers.stop();
    await fake.stop();
  });

  test("sweep leases while an engine does not answer about its doubtful launches", async () => {
    const silence = Promise.withResolvers<never[]>();
    const asked = Promise.withResolvers<void>();
    const { engine } = createRemoteEngine("silent");
    const findRuns = () => {
      asked.resolve();
      return silence.promise;
    };
    const { workers, registry } = createProgram([{ ...engine, listRuns: findRuns }]);
    await sql`insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      values (gen_random_uuid(), 1, 'silent', now(), now())`.execute(database.db);
    await workers.start(["sweep"]);
    await asked.promise;
    const isSwept = /eom_worker_turns_total\{worker="sweep",outcome="done"\} 1/;
    await vi.waitFor(async () => expect(await registry.metrics()).toMatch(isSwept), patience);
    silence.resolve([]);
    await workers.stop();
    await sql`delete from ailbl_doubtful_launch`.execute(database.db);
  });

  test("stop while an engine does not answer: its calls end when it is closed", async () => {
    const silence = Promise.withResolvers<never[]>();
    const asked = Promise.withResolvers<void>();
    const { engine } = createRemoteEngine("silent");
    const listRuns = () => {
      asked.resolve();
      return silence.promise;
    };
    const close = async () => {
      silence.reject(new EngineUnreachable("EOM was stopped"));
      await engine.close();
    };
    const { workers } = createProgram([{ ...engine, listRuns, close }]);
    await sql`insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      values (gen_random_uuid(), 1, 'silent', now(), now())`.execute(database.db);
    await workers.start(["sweep"]);
    await asked.promise;
    await workers.stop();
    await sql`delete from ailbl_doubtful_launch`.execute(database.db);
  });

  test("keep the leases of runs alive in a process that only picks", async () => {
    const { workers, api } = createProgram();
    const schedule = await api.schedules.create(toCreate({ job: { name: "hang" }, enable: false }), change);
    const { id } = await api.sessions.trigger(schedule.id, change);
    await workers.turn("pick", new AbortController().signal);
    expect((await api.sessions.find(id)).state).toBe("running");
    // As if 40 of the lease's 60 seconds had passed.
    await sql`update ailbl_session set lease_expires_at = now() + interval '20 seconds' where id = ${id}`.execute(
      database.db,
    );
    await workers.start(["pick"]);
    await vi.waitFor(async () => {
      const { rows } = await sql<{
        seconds: number;
      }>`select extract(epoch from lease_expires_at - now())::float8 as seconds
        from ailbl_session where id = ${id}`.execute(database.db);
      expect(rows[0]?.seconds).toBeGreaterThan(30);
    }, patience);
    await workers.stop();
  });

  test("end the runs of a local engine when they are stopped, and record the reason", async () => {
    const { workers, api } = createProgram();
    const schedule = await api.schedules.create(toCreate({ job: { name: "hang" }, enable: false }), change);
    await workers.start();
    const { id } = await api.sessions.trigger(schedule.id, change);
    await vi.waitFor(async () => expect((await api.sessions.find(id)).state).toBe("running"), patience);
    await Promise.all([workers.stop(), workers.stop()]);
    expect(await api.sessions.find(id)).toMatchObject({ state: "failed", error: { code: "ENGINE_STOPPED" } });
  });

  test("wait for the end of the runs that a single turn launched, for several callers at once", async () => {
    const { workers, api } = createProgram();
    const schedule = await api.schedules.create(toCreate({ enable: false }), change);
    const { id } = await api.sessions.trigger(schedule.id, change);
    const { signal } = new AbortController();
    expect(JSON.stringify(await workers.turn("scan", signal))).toBe('{"schedules":0,"sessions":0,"skipped":0}');
    await workers.seeRunsThrough();
    expect(await workers.turn("pick", signal)).toMatchObject({ claimed: 1, launched: 1 });
    await Promise.all([workers.seeRunsThrough(), workers.seeRunsThrough()]);
    expect((await api.sessions.find(id)).state).toBe("succeeded");
    await workers.stop();
  });

  describe("in several processes, with a Dagster", () => {
    let fake: FakeDagster;
    beforeEach(async () => {
      // Sessions of other tests have runs in a Dagster that is gone.
      await sql`delete from ailbl_session`.execute(database.db);
      fake = await startFakeDagster();
    });
    afterEach(() => fake.stop());

    const { signal } = new AbortController();

    const createProgramWithDagster = () =>
      createProgram([
        createDagsterEngine({
          name: "dagster",
          url: fake.url,
          headers: {},
          launchesPerSecond: null,
          maxRuns: null,
          log: createTestLog().log,
        }),
      ]);

    async function trigger({ api }: ReturnType<typeof createProgram>): Promise<string> {
      const job = { location: "pipelines", repository: null, name: "ok" };
      const schedule = await api.schedules.create(toCreate({ engine: "dagster", job, enable: false }), change);
      return (await api.sessions.trigger(schedule.id, change)).id;
    }

    test("leave the runs to the process that polls when other processes pick and sweep", async () => {
      const picker = createProgramWithDagster();
      const sweeper = createProgramWithDagster();
      const poller = createProgramWithDagster();
      const id = await trigger(picker);
      for (let round = 0; round < 4; round += 1) {
        await picker.workers.turn("pick", signal);
        await sweeper.workers.turn("sweep", signal);
        await poller.workers.turn("poll", signal);
        fake.work();
      }
      const session = await picker.api.sessions.find(id);
      expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
      expect(session.history.map(({ cause }) => cause)).toEqual(["manual", "picked", "launched", "run_ended"]);
      for (const { workers } of [picker, sweeper, poller]) await workers.stop();
    });

    test("release their leases when they stop, so that another process polls the runs at once", async () => {
      const [leaving, staying] = [createProgramWithDagster(), createProgramWithDagster()];
      const id = await trigger(leaving);
      await leaving.workers.start();
      await vi.waitFor(async () => expect((await leaving.api.sessions.find(id)).state).toBe("running"), patience);
      await leaving.workers.stop();
      expect(await staying.workers.turn("poll", signal)).toMatchObject({ polled: 1 });
      for (let step = 0; step < 4; step += 1) fake.work();
      expect(await staying.workers.turn("poll", signal)).toMatchObject({ ended: 1 });
      const { state, history } = await staying.api.sessions.find(id);
      expect(state).toBe("succeeded");
      expect(history.map(({ cause }) => cause)).not.toContain("taken_over");
      await staying.workers.stop();
    });
  });
});

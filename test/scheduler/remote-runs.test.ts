import { sql } from "kysely";
import { Registry } from "prom-client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LaunchOutcome, LaunchRequest } from "../../src/engines/engine.ts";
import { createEngines } from "../../src/engines/registry.ts";
import { createWorkerMetrics } from "../../src/platform/worker/metrics.ts";
import { createWakeUp } from "../../src/platform/worker/wake-up.ts";
import type { SchedulerContext } from "../../src/scheduler/context.ts";
import { launchAll } from "../../src/scheduler/launch/launch.ts";
import { createSchedulerMetrics } from "../../src/scheduler/metrics.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { createSchedulerWorkers } from "../../src/scheduler/workers.ts";
import { listSessionsSchema, type Session } from "../../src/sessions/model.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, createWorld, noStorages, notAborted, toCreate, type World, withEngine } from "./world.ts";

describe.each(databaseKinds)("runs that live elsewhere, on %s", (kind) => {
  let database: TestDatabase;
  let remote: ReturnType<typeof createRemoteEngine>;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    for (const table of ["ailbl_session", "ailbl_schedule", "ailbl_doubtful_launch", "ailbl_engine_bucket"])
      await sql`delete from ${sql.table(table)}`.execute(database.db);
    remote = createRemoteEngine();
    world = createWorld({ db: database.db, engine: remote.engine });
  });

  async function trigger(fields: Record<string, unknown> = {}): Promise<Session> {
    const schedule = await world.api.schedules.create(toCreate(fields), change);
    return world.api.sessions.trigger(schedule.id, change);
  }

  const find = (id: string) => world.api.sessions.find(id);

  /** The engine, but for what it answers to launches. */
  const answering = (launch: (request: LaunchRequest) => Promise<LaunchOutcome>) =>
    withEngine(world.needs, { ...remote.engine, launch });

  /** As a process that takes single turns has them. */
  const createWorkers = () =>
    createSchedulerWorkers({
      ...world.needs,
      storages: noStorages,
      metrics: createSchedulerMetrics(new Registry()),
      workerMetrics: createWorkerMetrics(new Registry()),
      wakeUp: createWakeUp(),
      isOnlyProcess: false,
    });

  async function passWatch(): Promise<void> {
    await sql`update ailbl_doubtful_launch set check_at = now()`.execute(database.db);
  }

  const listDoubtful = async () =>
    (await sql<{ attempt: number }>`select attempt from ailbl_doubtful_launch`.execute(database.db)).rows;

  test("a run that was launched and not noted is found, and nothing is launched twice", async () => {
    const { id } = await trigger();
    const dying = world.createProcess({ leaseSeconds: 0 });
    const [claim] = (await pick(dying)).claims;
    if (claim === undefined) throw new Error("nothing was claimed");
    const dieAfterLaunch = async (request: Parameters<typeof remote.engine.launch>[0]) => {
      await remote.engine.launch(request);
      throw new Error("died here");
    };
    await launchAll({ ...dying, engine: { ...remote.engine, launch: dieAfterLaunch } }, [claim]);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 1,
      failed: 0,
      duplicates: 0,
    });
    expect((await find(id)).state).toBe("unknown");
    await tick("poll", other, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.runs.size).toBe(1);
  });

  test("an unclear answer is settled by looking, and only relaunched when a long enough look found nothing", async () => {
    const here = world.needs;
    const found = await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", here, notAborted);
    expect((await find(found.id)).state).toBe("unknown");
    await tick("poll", here, notAborted);
    expect((await find(found.id)).state).toBe("running");

    const missing = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", here, notAborted);
    await tick("poll", here, notAborted);
    expect((await find(missing.id)).state).toBe("unknown");
    world.clock.advance(61);
    await tick("poll", here, notAborted);
    expect((await find(missing.id)).state).toBe("pending");
    await tick("pick", here, notAborted);
    expect(await find(missing.id)).toMatchObject({ state: "running", attempt: 1 });
  });

  test("an engine that does not answer for a minute has not said that there is no run", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    const silent = withEngine(world.needs, { ...remote.engine, listRuns: () => Promise.reject(new Error("silence")) });
    await expect(tick("poll", silent, notAborted)).rejects.toThrow("silence");
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    expect((await find(id)).state).toBe("unknown");
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    expect((await find(id)).state).toBe("pending");
  });

  test("a session whose run the engine cannot look for holds up no other, and is not launched again", async () => {
    remote.answerUnclearly("without a run");
    const blind = await trigger();
    await tick("pick", world.needs, notAborted);
    remote.answerUnclearly("with a run");
    const other = await trigger();
    await tick("pick", world.needs, notAborted);
    const half = withEngine(world.needs, {
      ...remote.engine,
      listRuns: async (attempts) =>
        (await remote.engine.listRuns(attempts)).map((runs, index) =>
          attempts[index]?.sessionId === blind.id ? null : runs,
        ),
    });
    for (const _ of [1, 2, 3]) {
      await tick("poll", half, notAborted);
      world.clock.advance(61);
    }
    expect([(await find(blind.id)).state, (await find(other.id)).state]).toEqual(["unknown", "running"]);
    await sql`update ailbl_session set state = 'pending', lease_owner = null, lease_expires_at = null
      where id = ${blind.id}`.execute(database.db);
    await tick("pick", half, notAborted);
    expect([(await find(blind.id)).state, remote.requests.length]).toEqual(["pending", 2]);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(
      database.db,
    );
    await sql`update ailbl_session set state = 'canceled', ended = now() where id = ${blind.id}`.execute(database.db);
    await tick("sweep", half, notAborted);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
  });

  test("a launch that never has a clear answer is given up after the schedule's launch time-out", async () => {
    const { id } = await trigger({ policy: { launch_timeout_seconds: 200, max_retries: 1, retry_delay_seconds: 1 } });
    const silent = answering(async () => ({ outcome: "unclear", message: "timed out" }));
    for (let round = 0; round < 2; round += 1) {
      for (let minute = 0; minute < 4; minute += 1) {
        world.clock.advance(1);
        await tick("pick", silent, notAborted);
        await tick("poll", silent, notAborted);
        world.clock.advance(61);
        await tick("poll", silent, notAborted);
      }
    }
    const session = await find(id);
    expect(session).toMatchObject({ state: "failed", attempt: 2, error: { code: "LAUNCH_TIMED_OUT" } });
    expect(session.history.filter(({ cause }) => cause === "run_not_found")).toHaveLength(6);
  });

  /** Sessions of one schedule, launched at once. */
  async function launchMany(count: number, needs: SchedulerContext = world.needs): Promise<void> {
    const policy = { overlap: "allow", misfire: "all", max_catch_up: 1000, catch_up_seconds: 86_400 };
    await world.api.schedules.create(toCreate({ job: { name: "hang" }, policy }), change);
    world.clock.advance(count * 60);
    await tick("scan", world.needs, notAborted);
    await tick("pick", needs, notAborted);
  }

  test("turns that are too short for all runs ask about each of them in the end", async () => {
    await launchMany(300);
    const turn = new AbortController();
    const asked: string[][] = [];
    const slow = withEngine(world.needs, {
      ...remote.engine,
      async status(runIds) {
        asked.push([...runIds]);
        turn.abort();
        return remote.engine.status(runIds);
      },
    });
    await tick("poll", slow, turn.signal);
    await tick("poll", slow, turn.signal);
    expect(asked.map(({ length }) => length)).toEqual([250, 50]);
    expect(new Set(asked.flat()).size).toBe(300);
    await tick("poll", slow, notAborted);
    expect(asked.map(({ length }) => length)).toEqual([250, 50, 250, 50]);
  });

  test("a slow search leaves time to poll known runs, and reaches every session in later turns", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    await launchMany(
      60,
      answering(async () => ({ outcome: "unclear", message: "silence" })),
    );
    const searched: string[] = [];
    let turn = new AbortController();
    const slow = withEngine(world.needs, {
      ...remote.engine,
      async listRuns(attempts) {
        turn.abort();
        searched.push(...attempts.map(({ sessionId }) => sessionId));
        return attempts.map(() => []);
      },
    });
    remote.set("run-1", { state: "running", startedAt: null, output: null });
    expect(await tick("poll", slow, turn.signal)).toMatchObject({ polled: 1 });
    expect([searched.length, (await find(id)).run?.status]).toEqual([20, "running"]);
    for (const _ of [1, 2]) {
      turn = new AbortController();
      await tick("poll", slow, turn.signal);
    }
    expect(new Set(searched).size).toBe(60);
  });

  test("a running session is taken over and polled to its end", async () => {
    const { id } = await trigger();
    await tick("pick", world.createProcess({ leaseSeconds: 0 }), notAborted);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ adopted: 1 });
    const times = { startedAt: new Date("2026-11-23T10:00:05Z"), endedAt: new Date("2026-11-23T10:00:09Z") };
    remote.set("run-1", { state: "succeeded", ...times, error: null, result: null, output: null });
    await tick("poll", other, notAborted);
    expect(await find(id)).toMatchObject({ state: "succeeded", duration_seconds: 4 });
  });

  test("a run that does not start in time is ended, and the session says so", async () => {
    const here = world.needs;
    const { id } = await trigger({ policy: { launch_timeout_seconds: 60 } });
    await tick("pick", here, notAborted);
    world.clock.advance(60);
    expect(await tick("poll", here, notAborted)).toMatchObject({ stopped: 0 });
    world.clock.advance(1);
    expect(await tick("poll", here, notAborted)).toMatchObject({ stopped: 1 });
    expect(remote.canceled).toEqual(["run-1"]);
    remote.set("run-1", {
      state: "canceled",
      startedAt: null,
      endedAt: world.clock.now(),
      error: null,
      result: null,
      output: null,
    });
    await tick("poll", here, notAborted);
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "LAUNCH_TIMED_OUT" } });
  });

  test("a run that the engine no longer knows is lost after a few polls and some seconds, not at once", async () => {
    const here = world.needs;
    const { id } = await trigger();
    await tick("pick", here, notAborted);
    remote.runs.clear();
    for (let poll = 0; poll < 5; poll += 1) await tick("poll", here, notAborted);
    expect((await find(id)).state).toBe("running");
    world.clock.advance(15);
    await tick("poll", here, notAborted);
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
  });

  test("of two runs of one session the oldest stays, the other is ended and counted", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("poll", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.canceled).toEqual(["run-2"]);
    const counted = await world.metrics.duplicateRuns.get();
    expect(counted.values).toEqual([{ labels: { engine: "remote" }, value: 1 }]);
  });

  test("a run that appears after its session was launched again is ended, also when the session has ended", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    const late = remote.requests.at(-1) as LaunchRequest;
    await tick("poll", world.needs, notAborted);
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    remote.work();
    await tick("poll", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "succeeded" });
    await remote.engine.launch({ ...late, job: { ...late.job, name: "hang" } });
    await passWatch();
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 1 });
    expect(remote.canceled).toEqual(["run-2"]);
    expect(await find(id)).toMatchObject({ state: "succeeded", run: { id: "run-1" } });
    remote.work();
    await passWatch();
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 0 });
  });

  test("a run that appears before its session is launched again is taken, and none is launched", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    expect((await find(id)).state).toBe("pending");
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("pick", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.runs.size).toBe(1);
  });

  test("a session that waits for longer than that is still looked for before it is launched again", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(
      database.db,
    );
    await tick("sweep", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.runs.size).toBe(1);
  });

  test("the last look is made again when the engine could not be asked", async () => {
    await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(
      database.db,
    );
    const blind = withEngine(world.needs, { ...remote.engine, listRuns: () => Promise.reject(new Error("no route")) });
    await expect(tick("sweep", blind, notAborted)).rejects.toThrow("no route");
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    await passWatch();
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([]);
  });

  test("a second run that does not end is counted once, asked at every look, and given up in the end", async () => {
    await trigger({ job: { name: "hang" } });
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("poll", world.needs, notAborted);
    for (const minutes of [0, 6]) {
      await sql`update ailbl_doubtful_launch set check_at = now(), since = now() - make_interval(mins => ${minutes})`.execute(
        database.db,
      );
      await tick("sweep", world.needs, notAborted);
    }
    expect((await world.metrics.duplicateRuns.get()).values).toMatchObject([{ value: 1 }]);
    expect([remote.canceled, remote.forced]).toEqual([["run-2", "run-2"], ["run-2"]]);
  });

  test("a launch is watched until its second run has ended, and looked at every quarter of a minute", async () => {
    await trigger({ job: { name: "hang" } });
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("poll", world.needs, notAborted);
    const lookAfter = async (minutes: number) => {
      await sql`update ailbl_doubtful_launch set check_at = now(), since = now() - make_interval(mins => ${minutes})`.execute(
        database.db,
      );
      await tick("sweep", world.needs, notAborted);
    };
    await lookAfter(10);
    const { rows } =
      await sql`select from ailbl_doubtful_launch where check_at <= now() + interval '15 seconds'`.execute(database.db);
    expect(rows).toHaveLength(1);
    await lookAfter(60);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    remote.work();
    await lookAfter(60);
    expect(await listDoubtful()).toEqual([]);
  });

  test("a process that dies between its launch and its word leaves a launch that is watched from then on", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick(
      "pick",
      answering(() => Promise.reject(new Error("died here"))),
      notAborted,
    );
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 second'`.execute(database.db);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ adopted: 1 });
    await tick("poll", other, notAborted);
    world.clock.advance(61);
    await tick("poll", other, notAborted);
    await tick("pick", other, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await passWatch();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ duplicates: 1 });
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
  });

  test("single turns see a session through, each in a process of its own, also one whose run is looked for in vain", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    for (let minute = 0; minute < 6; minute += 1) {
      for (const name of ["pick", "poll"] as const) {
        const workers = createWorkers();
        await workers.turn(name, notAborted);
        await workers.stop();
        remote.work();
      }
      world.clock.advance(61);
    }
    const session = await find(id);
    expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
    // A turn that takes over what the last one left is no event.
    expect(session.history.map(({ cause }) => cause)).toEqual([
      "manual",
      "picked",
      "launch_unclear",
      "run_not_found",
      "picked",
      "launched",
      "run_ended",
    ]);
  });

  test("a session that is canceled while its launch comes to nothing is canceled at once", async () => {
    const { id } = await trigger();
    const here = answering(async () => {
      await world.api.sessions.cancel(id, change);
      return { outcome: "unreachable", message: "Nothing listens there" };
    });
    await tick("pick", here, notAborted);
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SESSION_CANCELED" } });
  });

  test("the grace of an engine that is not ready begins anew after it was unreachable", async () => {
    const error = { code: "JOB_UNKNOWN", message: "Could not find the job", step: null };
    const loading = answering(async () => ({ outcome: "not_ready", error }));
    const { id } = await trigger();
    await tick("pick", loading, notAborted);
    world.clock.advance(60);
    await tick(
      "pick",
      answering(async () => ({ outcome: "unreachable", message: "down" })),
      notAborted,
    );
    world.clock.advance(600);
    await tick("pick", loading, notAborted);
    expect(await find(id)).toMatchObject({ state: "pending" });
  });

  test("a slot that came back from its engine neither ends nor outlives a newer one", async () => {
    world.clock.set("2026-11-23T10:00:30.000Z");
    const policy = { overlap: "cancel_previous" };
    const schedule = await world.api.schedules.create(toCreate({ policy, job: { name: "hang" } }), change);
    const away = answering(async () => ({ outcome: "unreachable", message: "down" }));
    for (const time of ["10:01:58", "10:02:00"]) {
      world.clock.set(`2026-11-23T${time}.000Z`);
      await tick("scan", world.needs, notAborted);
      await tick("pick", time === "10:01:58" ? away : world.needs, notAborted);
    }
    world.clock.set("2026-11-23T10:02:20.000Z");
    await tick("pick", world.needs, notAborted);
    const query = listSessionsSchema.parse({ schedule_id: [schedule.id], sortby: "slot" });
    const { rows } = await world.api.sessions.list(query);
    expect(rows.map(({ slot, state }) => [slot.toISOString().slice(11, 16), state])).toEqual([
      ["10:01", "skipped"],
      ["10:02", "running"],
    ]);
    expect(remote.canceled).toEqual([]);
  });

  test("a doubtful launch is watched for a quarter of an hour, and then no more", async () => {
    await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    await sql`update ailbl_doubtful_launch set since = now() - interval '16 minutes', check_at = now()`.execute(
      database.db,
    );
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([]);
  });

  test("an engine that is not ready is asked again for a grace time; then what it said is final", async () => {
    const error = { code: "JOB_UNKNOWN", message: "Could not find the job", step: null };
    const here = answering(async () => ({ outcome: "not_ready", error }));
    const { id } = await trigger();
    await tick("pick", here, notAborted);
    const waiting = await find(id);
    expect(waiting).toMatchObject({ state: "pending", attempt: 1, explanation: { waiting_on: "engine" } });
    expect(waiting.history.at(-1)).toMatchObject({ cause: "job_unknown", message: "Could not find the job" });
    expect(await tick("pick", here, notAborted)).toMatchObject({ claimed: 0 });
    for (const seconds of [10, 291]) {
      world.clock.advance(seconds);
      await tick("pick", here, notAborted);
    }
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "JOB_UNKNOWN" } });
  });

  test("a connection that fails costs a session nothing: it waits, counts no failure, and runs when the engine is back", async () => {
    const away = answering(async () => ({ outcome: "unreachable", message: "Nothing listens there" }));
    const { id, schedule_id } = await trigger({ policy: { max_consecutive_failures: 1 } });
    for (let minute = 0; minute < 30; minute += 1) {
      await tick("pick", away, notAborted);
      world.clock.advance(60);
    }
    expect(await find(id)).toMatchObject({ state: "pending", attempt: 1, error: null });
    expect((await find(id)).history.at(-1)).toMatchObject({
      cause: "engine_unreachable",
      message: "Nothing listens there",
    });
    await tick("pick", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running" });
    expect(await world.api.schedules.find(schedule_id)).toMatchObject({ consecutive_failures: 0 });
  });

  test("a launch in doubt that cannot be looked for is not launched again", async () => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    const blind = withEngine(world.needs, { ...remote.engine, listRuns: () => Promise.reject(new Error("no route")) });
    await tick("pick", blind, notAborted);
    expect(await find(id)).toMatchObject({ state: "pending" });
    expect(remote.runs.size).toBe(0);
  });

  test("a run that was asked to end long ago and goes on is given up", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    await world.api.sessions.cancel(id, change);
    await tick("poll", world.needs, notAborted);
    expect(remote.forced).toEqual([]);
    world.clock.advance(301);
    await tick("poll", world.needs, notAborted);
    expect(remote.forced).toEqual(["run-1"]);
  });

  describe("of several engines", () => {
    const other = createRemoteEngine("other");

    function openBoth() {
      const engines = createEngines([remote.engine, other.engine], "remote");
      return createWorld({ db: database.db, engines });
    }

    test("each session runs in the one that its schedule names, the default's where it names none", async () => {
      const both = openBoth();
      for (const fields of [{}, { engine: "other" }]) {
        const schedule = await both.api.schedules.create(toCreate(fields), change);
        await both.api.sessions.trigger(schedule.id, change);
        expect(schedule.engine).toBe(fields.engine ?? "remote");
      }
      expect(await tick("pick", both.needs, notAborted)).toMatchObject({ launched: 2 });
      expect([remote.runs.size, other.runs.size]).toEqual([1, 1]);
    });

    test("one that is named and does not exist is refused with those that do", async () => {
      const create = openBoth().api.schedules.create(toCreate({ engine: "third" }), change);
      await expect(create).rejects.toMatchObject({
        code: "VALIDATION_ERROR",
        details: { issues: [{ path: "/engine", message: expect.stringContaining("remote, other") }] },
      });
    });

    test("sessions that wait follow their schedule when it comes to name another", async () => {
      const both = openBoth();
      const before = other.runs.size;
      const schedule = await both.api.schedules.create(toCreate(), change);
      const { id } = await both.api.sessions.trigger(schedule.id, change);
      await both.api.schedules.update(schedule.id, { engine: "other" }, null, change);
      await tick("pick", both.needs, notAborted);
      await tick("pick", both.needs, notAborted);
      expect(await both.api.sessions.find(id)).toMatchObject({ state: "running", run: { engine: "other" } });
      expect([remote.runs.size, other.runs.size - before]).toEqual([0, 1]);
    });

    test("also when that one takes none, and what an earlier attempt left behind is not looked for in the other", async () => {
      const full = { ...remote.engine, room: () => 0 };
      const both = createWorld({ db: database.db, engines: createEngines([full, other.engine], "remote") });
      const job = { name: "fail" };
      const policy = { max_retries: 1, retry_delay_seconds: 1 };
      const schedule = await both.api.schedules.create(toCreate({ job, policy }), change);
      const { id } = await both.api.sessions.trigger(schedule.id, change);
      await tick("pick", world.needs, notAborted);
      const error = { code: "RUN_FAILED", message: "No such thing", step: null };
      const facts = { startedAt: null, endedAt: world.clock.now(), result: null, output: null };
      remote.set("run-1", { state: "failed", ...facts, error });
      await tick("poll", world.needs, notAborted);
      expect(await both.api.sessions.find(id)).toMatchObject({ state: "retry_wait", run: { id: "run-1" } });
      await both.api.schedules.update(schedule.id, { engine: "other" }, null, change);
      expect(await both.api.sessions.find(id)).toMatchObject({ state: "retry_wait", run: null });
      both.clock.advance(2);
      await tick("pick", both.needs, notAborted);
      expect(await both.api.sessions.find(id)).toMatchObject({
        state: "running",
        attempt: 2,
        run: { engine: "other" },
      });
    });

    test("a full one, or one that is away, holds up no session of the other", async () => {
      const full = { ...remote.engine, room: () => 0 };
      const both = createWorld({ db: database.db, engines: createEngines([full, other.engine], "remote") });
      const stuck = await both.api.schedules.create(toCreate(), change);
      for (let count = 0; count < 60; count += 1) await both.api.sessions.trigger(stuck.id, change);
      const free = await both.api.schedules.create(toCreate({ engine: "other" }), change);
      await both.api.sessions.trigger(free.id, change);
      expect(await tick("pick", both.needs, notAborted)).toMatchObject({ claimed: 1, launched: 1 });
    });

    test("no more runs are under way than an engine may have, whoever picks", async () => {
      const narrow = { ...remote.engine, launchesPerSecond: 100, maxRuns: 3 };
      const engines = createEngines([narrow], "remote");
      const processes = [createWorld({ db: database.db, engines }), createWorld({ db: database.db, engines })];
      const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
      for (let count = 0; count < 9; count += 1) await world.api.sessions.trigger(schedule.id, change);
      await Promise.all(processes.map(({ needs }) => tick("pick", needs, notAborted)));
      expect(remote.runs.size).toBe(3);
    });

    test("what an engine runs that this process does not know is left to those that do, for a while", async () => {
      const both = openBoth();
      const schedule = await both.api.schedules.create(toCreate({ engine: "other" }), change);
      const { id } = await both.api.sessions.trigger(schedule.id, change);
      await tick("pick", { ...both.needs, lease: { owner: "dying", seconds: 0 } }, notAborted);
      expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ adopted: 0, failed: 0 });
      await sql`update ailbl_session set lease_expires_at = now() - interval '11 minutes'`.execute(database.db);
      expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ failed: 1 });
      expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    });
  });
});

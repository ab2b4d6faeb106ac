import { sql } from "kysely";
import { Registry } from "prom-client";
import { describe, expect, vi } from "vitest";
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
import { firstPage } from "../support/first-page.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { describeWithRemote } from "./remote-fixtures.ts";
import { change, createWorld, noStorages, notAborted, toCreate, type World, withEngine } from "./world.ts";

type RemoteEngine = ReturnType<typeof createRemoteEngine>;

function createSteps(world: World, remote: RemoteEngine) {
  async function trigger(fields: Record<string, unknown> = {}): Promise<Session> {
    const schedule = await world.api.schedules.create(toCreate(fields), change);
    return world.api.sessions.trigger(schedule.id, change);
  }

  const find = (id: string) => world.api.sessions.find(id);

  /** The engine with another answer to each launch. */
  const answering = (launch: (request: LaunchRequest) => Promise<LaunchOutcome>) =>
    withEngine(world.needs, { ...remote.engine, launch });

  /** The workers of a process that takes single turns. */
  const createWorkers = () =>
    createSchedulerWorkers({
      ...world.needs,
      storages: noStorages,
      metrics: createSchedulerMetrics(new Registry()),
      workerMetrics: createWorkerMetrics(new Registry()),
      wakeUp: createWakeUp(),
      isOnlyProcess: false,
    });

  /** Makes every doubtful launch due for its next check. */
  async function makeChecksDue(): Promise<void> {
    await sql`update ailbl_doubtful_launch set check_at = now()`.execute(world.db);
  }

  const listDoubtful = async () =>
    (await sql<{ attempt: number }>`select attempt from ailbl_doubtful_launch`.execute(world.db)).rows;

  /** Launches `count` sessions of one schedule in one turn. */
  async function launchMany(count: number, needs: SchedulerContext = world.needs): Promise<void> {
    const policy = { overlap: "allow", misfire: "all", max_catch_up: 1000, catch_up_seconds: 86_400 };
    await world.api.schedules.create(toCreate({ job: { name: "hang" }, policy }), change);
    world.clock.advance(count * 60);
    await tick("scan", world.needs, notAborted);
    await tick("pick", needs, notAborted);
  }

  return { trigger, find, answering, createWorkers, makeChecksDue, listDoubtful, launchMany };
}

/** The process behind a proxy that repeats each launch: it makes two runs, and answers with the second. */
function withTwoRuns(world: World, remote: ReturnType<typeof createRemoteEngine>) {
  return withEngine(world.needs, {
    ...remote.engine,
    async launch(request) {
      await remote.engine.launch(request);
      return remote.engine.launch(request);
    },
  });
}

describeWithRemote("runs on a remote engine", (remoteTest) => {
  const test = remoteTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world, remote }, use) => use(createSteps(world, remote)),
  });

  test("a run launched by a process that died before recording it is adopted, and not launched again", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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
      mended: 0,
      unusable: 0,
    });
    expect((await find(id)).state).toBe("unknown");
    await tick("poll", other, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.runs.size).toBe(1);
  });

  test("a launch with an unclear answer is searched for, and launched again only after a minute without a match", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
    const here = world.needs;
    const launched = await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", here, notAborted);
    expect((await find(launched.id)).state).toBe("unknown");
    await tick("poll", here, notAborted);
    expect((await find(launched.id)).state).toBe("running");

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

  test("a minute in which the engine does not answer does not count as a search without a match", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("a session whose run the engine cannot search for delays no other session, and is not launched again", async ({
    world,
    remote,
    steps: { trigger, find, listDoubtful },
  }) => {
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
      where id = ${blind.id}`.execute(world.db);
    await tick("pick", half, notAborted);
    expect([(await find(blind.id)).state, remote.requests.length]).toEqual(["pending", 2]);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(world.db);
    await sql`update ailbl_session set state = 'canceled', ended = now() where id = ${blind.id}`.execute(world.db);
    await tick("sweep", half, notAborted);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
  });

  test("a launch that never has a clear answer is given up after the schedule's launch_timeout_seconds", async ({
    world,
    steps: { trigger, find, answering },
  }) => {
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

  test("polls every run over several turns when one turn is too short for all", async ({
    world,
    remote,
    steps: { launchMany },
  }) => {
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

  test("a slow search leaves time to poll known runs, and reaches every session in later turns", async ({
    world,
    remote,
    steps: { trigger, find, answering, launchMany },
  }) => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    // The first poll after a launch also searches for second runs.
    await tick("poll", world.needs, notAborted);
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

  test("a running session is taken over and polled to its end", async ({ world, remote, steps: { trigger, find } }) => {
    const { id } = await trigger();
    await tick("pick", world.createProcess({ leaseSeconds: 0 }), notAborted);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ adopted: 1 });
    const times = { startedAt: new Date("2026-11-23T10:00:05Z"), endedAt: new Date("2026-11-23T10:00:09Z") };
    remote.set("run-1", { state: "succeeded", ...times, error: null, result: null, output: null });
    await tick("poll", other, notAborted);
    expect(await find(id)).toMatchObject({ state: "succeeded", duration_seconds: 4 });
  });

  test("a run that does not start in time is canceled, and its session fails with LAUNCH_TIMED_OUT", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("a run that the engine no longer knows is lost only after several polls and 15 seconds", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("the oldest of two runs of one session is kept, the other is canceled and counted", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("the oldest of two runs is kept also when the launch was answered, with the second of them", async ({
    world,
    remote,
    steps: { trigger, find, makeChecksDue },
  }) => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", withTwoRuns(world, remote), notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-2" } });
    await tick("poll", world.needs, notAborted);
    const { run, history } = await find(id);
    expect(run).toMatchObject({ id: "run-1" });
    expect(history.at(-1)).toMatchObject({ cause: "older_run_found" });
    expect(remote.canceled).toEqual(["run-2"]);
    await makeChecksDue();
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 0 });
    expect((await world.metrics.duplicateRuns.get()).values).toEqual([{ labels: { engine: "remote" }, value: 1 }]);
    remote.set("run-1", {
      state: "succeeded",
      startedAt: null,
      endedAt: world.clock.now(),
      error: null,
      result: null,
      output: null,
    });
    await tick("poll", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "succeeded", run: { id: "run-1" } });
  });

  test("an engine is asked for second runs once for each launch, and again if it did not answer", async ({
    world,
    remote,
    steps: { trigger },
  }) => {
    await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    const asked = vi.fn(remote.engine.listRuns);
    asked.mockRejectedValueOnce(new Error("no route"));
    const asking = withEngine(world.needs, { ...remote.engine, listRuns: asked });
    for (let turn = 0; turn < 4; turn += 1) await tick("poll", asking, notAborted);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  test("a process that lost its lease ends no run of the session", async ({ world, remote, steps: { trigger } }) => {
    await trigger({ job: { name: "hang" } });
    await tick("pick", withTwoRuns(world, remote), notAborted);
    const losing = withEngine(world.needs, {
      ...remote.engine,
      async listRuns(attempts) {
        await sql`update ailbl_session set lease_token = lease_token + 1`.execute(world.db);
        return remote.engine.listRuns(attempts);
      },
    });
    await tick("poll", losing, notAborted);
    expect(remote.canceled).toEqual([]);
  });

  test("a run that appears after its session was launched again is canceled, also after the session's end", async ({
    world,
    remote,
    steps: { trigger, find, makeChecksDue },
  }) => {
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
    await makeChecksDue();
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 1 });
    expect(remote.canceled).toEqual(["run-2"]);
    expect(await find(id)).toMatchObject({ state: "succeeded", run: { id: "run-1" } });
    remote.work();
    await makeChecksDue();
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 0 });
  });

  test("a run that appears before its session is launched again is adopted, and no other is launched", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("a session whose doubtful launch is no longer checked is still searched for before it is launched again", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
    const { id } = await trigger();
    remote.answerUnclearly("without a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    world.clock.advance(61);
    await tick("poll", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(world.db);
    await tick("sweep", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
    expect(remote.runs.size).toBe(1);
  });

  test("the last check of a doubtful launch is repeated when the engine could not be reached", async ({
    world,
    remote,
    steps: { trigger, makeChecksDue, listDoubtful },
  }) => {
    await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    await sql`update ailbl_doubtful_launch set since = now() - interval '1 hour', check_at = now()`.execute(world.db);
    const blind = withEngine(world.needs, { ...remote.engine, listRuns: () => Promise.reject(new Error("no route")) });
    await expect(tick("sweep", blind, notAborted)).rejects.toThrow("no route");
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    await makeChecksDue();
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([]);
  });

  test("a second run that does not end is counted once, canceled at every check, and forced after 5 minutes", async ({
    world,
    remote,
    steps: { trigger },
  }) => {
    await trigger({ job: { name: "hang" } });
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("poll", world.needs, notAborted);
    for (const minutes of [0, 6]) {
      await sql`update ailbl_doubtful_launch set check_at = now(), since = now() - make_interval(mins => ${minutes})`.execute(
        world.db,
      );
      await tick("sweep", world.needs, notAborted);
    }
    expect((await world.metrics.duplicateRuns.get()).values).toMatchObject([{ value: 1 }]);
    expect([remote.canceled, remote.forced]).toEqual([["run-2", "run-2"], ["run-2"]]);
  });

  test("a launch is checked every 15 seconds until its second run has ended", async ({
    world,
    remote,
    steps: { trigger, listDoubtful },
  }) => {
    await trigger({ job: { name: "hang" } });
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await tick("poll", world.needs, notAborted);
    const lookAfter = async (minutes: number) => {
      await sql`update ailbl_doubtful_launch set check_at = now(), since = now() - make_interval(mins => ${minutes})`.execute(
        world.db,
      );
      await tick("sweep", world.needs, notAborted);
    };
    await lookAfter(10);
    const { rows } =
      await sql`select from ailbl_doubtful_launch where check_at <= now() + interval '15 seconds'`.execute(world.db);
    expect(rows).toHaveLength(1);
    await lookAfter(60);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    remote.work();
    await lookAfter(60);
    expect(await listDoubtful()).toEqual([]);
  });

  test("a launch whose process died before recording it is checked for second runs", async ({
    world,
    remote,
    steps: { trigger, find, answering, makeChecksDue },
  }) => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick(
      "pick",
      answering(() => Promise.reject(new Error("died here"))),
      notAborted,
    );
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 second'`.execute(world.db);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ adopted: 1 });
    await tick("poll", other, notAborted);
    world.clock.advance(61);
    await tick("poll", other, notAborted);
    await tick("pick", other, notAborted);
    await remote.engine.launch(remote.requests.at(-1) as LaunchRequest);
    await makeChecksDue();
    expect(await tick("sweep", other, notAborted)).toMatchObject({ duplicates: 1 });
    expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
  });

  test("single turns, each in its own process, run a session to its end, also after a search without a match", async ({
    world,
    remote,
    steps: { trigger, find, createWorkers },
  }) => {
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

  test("a session canceled during a launch that fails is canceled at once", async ({
    world,
    steps: { trigger, find, answering },
  }) => {
    const { id } = await trigger();
    const here = answering(async () => {
      await world.api.sessions.cancel(id, change);
      return { outcome: "unreachable", message: "Nothing listens there" };
    });
    await tick("pick", here, notAborted);
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SESSION_CANCELED" } });
  });

  test("the grace time of an engine that is not ready starts again after the engine was unreachable", async ({
    world,
    steps: { trigger, find, answering },
  }) => {
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

  test("a slot returned to the queue by its engine is skipped for a newer slot, which keeps running", async ({
    world,
    remote,
    steps: { answering },
  }) => {
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
    const { rows } = await world.api.sessions.list(query, firstPage);
    expect(rows.map(({ slot, state }) => [slot.toISOString().slice(11, 16), state])).toEqual([
      ["10:01", "skipped"],
      ["10:02", "running"],
    ]);
    expect(remote.canceled).toEqual([]);
  });

  test("a doubtful launch is checked for 15 minutes", async ({ world, remote, steps: { trigger, listDoubtful } }) => {
    await trigger();
    remote.answerUnclearly("with a run");
    await tick("pick", world.needs, notAborted);
    await tick("poll", world.needs, notAborted);
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([{ attempt: 1 }]);
    await sql`update ailbl_doubtful_launch set since = now() - interval '16 minutes', check_at = now()`.execute(
      world.db,
    );
    await tick("sweep", world.needs, notAborted);
    expect(await listDoubtful()).toEqual([]);
  });

  test("a launch on an engine that is not ready is retried for a grace time, and then fails with the engine's error", async ({
    world,
    steps: { trigger, find, answering },
  }) => {
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

  test("a session waits without counting a failure while its engine is unreachable, and runs when it is back", async ({
    world,
    steps: { trigger, find, answering },
  }) => {
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

  test("a doubtful launch is not repeated while the engine cannot be searched", async ({
    world,
    remote,
    steps: { trigger, find },
  }) => {
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

  test("a run that still runs 5 minutes after it was canceled is forced to end", async ({
    world,
    remote,
    steps: { trigger },
  }) => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    await world.api.sessions.cancel(id, change);
    await tick("poll", world.needs, notAborted);
    expect(remote.forced).toEqual([]);
    world.clock.advance(301);
    await tick("poll", world.needs, notAborted);
    expect(remote.forced).toEqual(["run-1"]);
  });

  describe("with several engines", () => {
    const several = test.extend<{ readonly second: RemoteEngine; readonly both: World }>({
      // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
      second: async ({}, use) => use(createRemoteEngine("other")),
      both: async ({ world, remote, second }, use) => {
        const engines = createEngines([remote.engine, second.engine], "remote");
        await use(createWorld({ db: world.db, engines }));
      },
    });

    several("runs each session on its schedule's engine, or on the default one", async ({ remote, second, both }) => {
      for (const fields of [{}, { engine: "other" }]) {
        const schedule = await both.api.schedules.create(toCreate(fields), change);
        await both.api.sessions.trigger(schedule.id, change);
        expect(schedule.engine).toBe(fields.engine ?? "remote");
      }
      expect(await tick("pick", both.needs, notAborted)).toMatchObject({ launched: 2 });
      expect([remote.runs.size, second.runs.size]).toEqual([1, 1]);
    });

    several("refuses an engine that does not exist, and lists the engines that do", async ({ both }) => {
      const create = both.api.schedules.create(toCreate({ engine: "third" }), change);
      await expect(create).rejects.toMatchObject({
        code: "VALIDATION_ERROR",
        details: { issues: [{ path: "/engine", message: expect.stringContaining("remote, other") }] },
      });
    });

    several("moves waiting sessions when their schedule changes its engine", async ({ remote, second, both }) => {
      const schedule = await both.api.schedules.create(toCreate(), change);
      const { id } = await both.api.sessions.trigger(schedule.id, change);
      await both.api.schedules.update(schedule.id, { engine: "other" }, null, change);
      await tick("pick", both.needs, notAborted);
      await tick("pick", both.needs, notAborted);
      expect(await both.api.sessions.find(id)).toMatchObject({ state: "running", run: { engine: "other" } });
      expect([remote.runs.size, second.runs.size]).toEqual([0, 1]);
    });

    several(
      "moves sessions from an engine without room, and does not search the new engine for earlier attempts",
      async ({ world, remote, second }) => {
        const full = { ...remote.engine, room: () => 0 };
        const both = createWorld({ db: world.db, engines: createEngines([full, second.engine], "remote") });
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
      },
    );

    several("a full engine delays no session of another engine", async ({ world, remote, second }) => {
      const full = { ...remote.engine, room: () => 0 };
      const both = createWorld({ db: world.db, engines: createEngines([full, second.engine], "remote") });
      const stuck = await both.api.schedules.create(toCreate(), change);
      for (let count = 0; count < 60; count += 1) await both.api.sessions.trigger(stuck.id, change);
      const free = await both.api.schedules.create(toCreate({ engine: "other" }), change);
      await both.api.sessions.trigger(free.id, change);
      expect(await tick("pick", both.needs, notAborted)).toMatchObject({ claimed: 1, launched: 1 });
    });

    several("never exceeds an engine's maxRuns when processes pick at the same time", async ({ world, remote }) => {
      const narrow = { ...remote.engine, launchesPerSecond: 100, maxRuns: 3 };
      const engines = createEngines([narrow], "remote");
      const processes = [createWorld({ db: world.db, engines }), createWorld({ db: world.db, engines })];
      const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" } }), change);
      for (let count = 0; count < 9; count += 1) await world.api.sessions.trigger(schedule.id, change);
      await Promise.all(processes.map(({ needs }) => tick("pick", needs, notAborted)));
      expect(remote.runs.size).toBe(3);
    });

    several(
      "leaves sessions of an unknown engine to other processes for 10 minutes after their lease expired",
      async ({ world, both, steps: { find } }) => {
        const schedule = await both.api.schedules.create(toCreate({ engine: "other" }), change);
        const { id } = await both.api.sessions.trigger(schedule.id, change);
        await tick("pick", { ...both.needs, lease: { owner: "dying", seconds: 0 } }, notAborted);
        expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ adopted: 0, failed: 0 });
        await sql`update ailbl_session set lease_expires_at = now() - interval '11 minutes'`.execute(world.db);
        expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ failed: 1 });
        expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
      },
    );
  });
});

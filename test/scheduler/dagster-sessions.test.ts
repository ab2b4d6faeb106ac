import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createDagsterEngine } from "../../src/engines/dagster/engine.ts";
import { EngineUnreachable } from "../../src/engines/engine.ts";
import type { SchedulerContext } from "../../src/scheduler/context.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { SessionWithHistory } from "../../src/sessions/model.ts";
import { type FakeDagster, startFakeDagster } from "../engines/dagster/fake-dagster.ts";
import type { FakeRun } from "../engines/dagster/fake-runs.ts";
import {
  answer,
  deleteRun,
  dieInLaunch,
  hang,
  launchException,
  loginPage,
  loginRedirect,
  loseAnswer,
  loseAnswerAtProxy,
  type Misbehaviour,
  member,
  repeatRequest,
  reset,
  schemaError,
  sendReply,
} from "../engines/dagster/misbehaviour.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { heavyTestTimeout, patience } from "../support/time-limits.ts";
import { createLife, createMortalDatabase, createMortalEngine, Died } from "./simulation-life.ts";
import { change, createTestClock, createWorld, notAborted, toCreate, type World, withEngine } from "./world.ts";

const start = "2026-11-23T10:00:00.000Z";
const inPipelines = { location: "pipelines", repository: null };

describe.each(databaseKinds)("sessions on a Dagster that misbehaves, on %s", (kind) => {
  let database: TestDatabase;
  let fake: FakeDagster;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    for (const table of ["ailbl_session", "ailbl_schedule", "ailbl_doubtful_launch", "ailbl_engine_bucket"])
      await sql`delete from ${sql.table(table)}`.execute(database.db);
    fake = await startFakeDagster();
    world = createWorld({ db: database.db, start, engine: createEngine() });
  });
  afterEach(async () => {
    await world.close();
    await fake.stop();
  });

  /** The circuit breaker of this engine uses the world's clock. */
  function createEngine(maxCallSeconds = 20) {
    const clock = createTestClock(start);
    return createDagsterEngine({
      name: "dagster",
      url: fake.url,
      headers: {},
      launchesPerSecond: null,
      maxRuns: null,
      log: world?.log ?? createWorld({ db: database.db }).log,
      maxCallSeconds,
      monotonic: () => (world?.clock ?? clock).now().getTime(),
    });
  }

  async function trigger(fields: Record<string, unknown> = {}): Promise<string> {
    const schedule = await world.api.schedules.create(
      toCreate({ job: { ...inPipelines, name: "ok" }, ...fields }),
      change,
    );
    return (await world.api.sessions.trigger(schedule.id, change)).id;
  }

  const listRuns = (sessionId: string): FakeRun[] =>
    [...fake.runs.values()].filter(({ tags }) => tags.some(({ value }) => value === sessionId));

  /** Takes turns and advances Dagster's runs, two minutes a round, until the session has ended. */
  async function seeThrough(id: string, needs: SchedulerContext = world.needs): Promise<SessionWithHistory> {
    for (let round = 0; round < 20; round += 1) {
      for (const name of ["sweep", "pick", "poll"] as const) await tick(name, needs, notAborted).catch(ignoreFault);
      fake.work();
      const session = await world.api.sessions.find(id);
      if (session.ended !== null) return session;
      // Longer than a search, and longer than any pause of the circuit breaker, which then probes the engine.
      world.clock.advance(121);
      await vi.waitUntil(() => world.needs.engine.room() > 0, { ...patience, interval: 1 });
    }
    throw new Error(`the session has not ended: ${JSON.stringify((await world.api.sessions.find(id)).history)}`);
  }

  /** Ignores an unreachable engine, as a loop does: its next turn tries again. */
  function ignoreFault(error: unknown): void {
    if (!(error instanceof EngineUnreachable)) throw error;
  }

  /** Expects that all runs of a session but one were canceled, and that this run is the session's run and has its state. */
  function expectOneRun({ id, state, run }: SessionWithHistory): void {
    const [ran, ...others] = listRuns(id).filter(({ status }) => status !== "CANCELED");
    expect(others).toEqual([]);
    expect(run?.id).toBe(ran?.runId);
    expect({ SUCCESS: "succeeded", FAILURE: "failed" }[ran?.status ?? ""]).toBe(state);
  }

  test.for<[string, Misbehaviour, Partial<SessionWithHistory>]>([
    ["loses the answer after the run was made", loseAnswer, { state: "succeeded" }],
    ["has a proxy that repeats the request", repeatRequest, { state: "succeeded" }],
    ["has a proxy that gives up before it answers", loseAnswerAtProxy, { state: "succeeded" }],
    ["breaks the connection off before it has done anything", reset, { state: "succeeded" }],
    ["has a proxy that cannot reach it", answer(502, "Bad Gateway"), { state: "succeeded" }],
    ["answers 500 and has made a run that failed", launchException("with a run"), { state: "failed" }],
    ["answers 500 and has made no run", launchException("without a run"), { state: "succeeded" }],
    ["answers an exception with 200", launchException("without a run", 200), { state: "succeeded" }],
    [
      "has a gateway that answers an error of its own after the run was made",
      async ({ response, handle }) => {
        await handle();
        sendReply(response, { status: 500, body: { errors: [{ message: "upstream timed out" }] } });
      },
      { state: "succeeded" },
    ],
    ["shows a page to log in", loginPage, { state: "succeeded" }],
    ["leads to a page to log in", loginRedirect, { state: "succeeded" }],
    ["does not understand the question, after an upgrade", schemaError, { state: "succeeded" }],
    ["answers what nobody has heard of", member("launchRun", { __typename: "RunPostponed" }), { state: "succeeded" }],
    [
      "refuses its credential",
      member("launchRun", { __typename: "UnauthorizedError", message: "no" }),
      { state: "succeeded" },
    ],
    [
      "cannot find the job for a moment",
      member("launchRun", { __typename: "PipelineNotFoundError", message: "no" }),
      { state: "succeeded" },
    ],
  ])("a session has one run, and the state of that run, when Dagster %s", async ([, misbehaviour, expected]) => {
    fake.misbehave(misbehaviour, { operation: "LaunchRun", times: 1 });
    const session = await seeThrough(await trigger());
    expect(session).toMatchObject({ ...expected, attempt: 1 });
    expectOneRun(session);
  });

  test.for<[string, string, Misbehaviour]>([
    ["LaunchRun", "gives no answer", hang],
    ["RunStatuses", "gives no answer", hang],
    ["FindRuns", "gives no answer", hang],
    ["RunStatuses", "shows a page to log in", loginPage],
    ["FindRuns", "shows a page to log in", loginPage],
    ["RunStatuses", "does not understand", schemaError],
    ["FindRuns", "does not understand", schemaError],
  ])(
    "a session has one run, and the state of that run, when Dagster, asked for %s, %s",
    async ([operation, , misbehaviour]) => {
      await world.close();
      world = createWorld({ db: database.db, start, engine: createEngine(misbehaviour === hang ? 1 : 20) });
      if (operation === "FindRuns") fake.misbehave(loseAnswer, { operation: "LaunchRun", times: 1 });
      fake.misbehave(misbehaviour, { operation, times: 2 });
      const session = await seeThrough(await trigger());
      expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
      expectOneRun(session);
      expect(listRuns(session.id)).toHaveLength(1);
      expect(fake.count(operation)).toBeGreaterThan(2);
    },
  );

  test("the oldest of two runs with the same tag is kept, and the other is terminated", async () => {
    fake.misbehave(loseAnswer, { operation: "LaunchRun", times: 1 });
    const id = await trigger();
    await tick("pick", world.needs, notAborted);
    const [first] = listRuns(id);
    fake.addRun({
      jobName: "hang",
      tags: first?.tags ?? [],
      creationTime: (first?.creationTime ?? 0) + 1,
      status: "STARTED",
    });
    const session = await seeThrough(id);
    expect(session).toMatchObject({ state: "succeeded", run: { id: first?.runId } });
    fake.work();
    expectOneRun(session);
    expect(listRuns(id)).toHaveLength(2);
  });

  test("a second run that Dagster cannot cancel before it has started is canceled once it has", async () => {
    fake.misbehave(loseAnswer, { operation: "LaunchRun", times: 1 });
    const id = await trigger({ job: { ...inPipelines, name: "hang" } });
    await tick("pick", world.needs, notAborted);
    const [first] = listRuns(id);
    const creationTime = (first?.creationTime ?? 0) + 1;
    const second = fake.addRun({ jobName: "hang", tags: first?.tags ?? [], creationTime, status: "STARTING" });
    await tick("poll", world.needs, notAborted);
    expect([fake.count("TerminateRuns"), second.status]).toEqual([1, "STARTING"]);
    fake.setRun(second.runId, "STARTED");
    world.clock.advance(15);
    await sql`update ailbl_doubtful_launch set check_at = now()`.execute(database.db);
    await tick("sweep", world.needs, notAborted);
    expect(second.status).toBe("CANCELING");
    expect((await world.metrics.duplicateRuns.get()).values).toMatchObject([{ value: 1 }]);
  });

  test.for<[string, Misbehaviour]>([
    ["dying webserver", dieInLaunch],
    ["launch that raised an exception", launchException("with a run that was not submitted")],
  ])("a run that a %s stored and never submitted is given up, and another is launched", async ([, misbehaviour]) => {
    fake.misbehave(misbehaviour, { operation: "LaunchRun", times: 1 });
    const session = await seeThrough(await trigger());
    for (const run of fake.runs.values()) run.creationTime -= 3600;
    await sql`update ailbl_doubtful_launch set check_at = now()`.execute(database.db);
    await tick("sweep", world.needs, notAborted);
    expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
    expect(listRuns(session.id).map(({ status }) => status)).toEqual(["CANCELED", "SUCCESS"]);
    expectOneRun(session);
  });

  test.for<[string, Misbehaviour, number, number]>([
    ["found after a lost answer", loseAnswer, 1, 0],
    ["found after an exception", launchException("with a run"), 1, 0],
    ["searched for without a match", reset, 0, 1],
  ])("a run that is %s is counted", async ([, misbehaviour, adopted, givenUp]) => {
    fake.misbehave(misbehaviour, { operation: "LaunchRun", times: 1 });
    await seeThrough(await trigger());
    const { runsAdopted, searchesGivenUp } = world.metrics;
    const toSum = async (counter: typeof runsAdopted) =>
      (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
    expect([await toSum(runsAdopted), await toSum(searchesGivenUp)]).toEqual([adopted, givenUp]);
  });

  test("a run that appears after its session was launched anew is terminated", async () => {
    let appear = async () => {};
    fake.misbehave(
      ({ request, handle }) => {
        request.socket.resetAndDestroy();
        appear = async () => void (await handle());
      },
      { operation: "LaunchRun", times: 1 },
    );
    const session = await seeThrough(await trigger());
    expect(session.state).toBe("succeeded");
    await appear();
    expect(listRuns(session.id)).toHaveLength(2);
    await sql`update ailbl_doubtful_launch set check_at = now()`.execute(database.db);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ duplicates: 1 });
    fake.work();
    expectOneRun(session);
  });

  test("a re-execution of a run by a user of Dagster is neither adopted nor ended", async () => {
    fake.misbehave(loseAnswer, { operation: "LaunchRun", times: 1 });
    const id = await trigger();
    await tick("pick", world.needs, notAborted);
    const [first] = listRuns(id);
    const parentRunId = first?.runId ?? null;
    const again = { parentRunId, rootRunId: parentRunId, jobName: "hang", status: "STARTED", creationTime: 0 };
    const { runId } = fake.addRun({ ...again, tags: first?.tags ?? [] });
    expect(await seeThrough(id)).toMatchObject({ state: "succeeded", run: { id: parentRunId } });
    expect(fake.runs.get(runId)?.status).toBe("STARTED");
  });

  test("a run deleted in Dagster fails its session with RUN_LOST", async () => {
    fake.misbehave(deleteRun, { operation: "LaunchRun", times: 1 });
    expect(await seeThrough(await trigger())).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
  });

  test("a job that the credential may not launch delays no other session", async () => {
    const allowed = await trigger({ job: { ...inPipelines, name: "hang" } });
    await tick("pick", world.needs, notAborted);
    const refused = { launchRun: { __typename: "UnauthorizedError", message: "not this one" } };
    fake.misbehave(({ response }) => sendReply(response, { status: 200, body: { data: refused } }), {
      operation: "LaunchRun",
    });
    const forbidden = await trigger();
    for (let round = 0; round < 12; round += 1) {
      await tick("pick", world.needs, notAborted);
      expect(world.needs.engine.room()).toBeGreaterThan(0);
      world.clock.advance(10);
    }
    fake.work();
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ polled: 1 });
    expect((await world.api.sessions.find(allowed)).run?.status).toBe("running");
    expect(await world.api.sessions.find(forbidden)).toMatchObject({ state: "pending", attempt: 1 });
  });

  test("sessions wait without failing while Dagster is down, and run once when it is back", async () => {
    fake.misbehave(answer(503, "Service Unavailable"));
    const id = await trigger({ policy: { max_consecutive_failures: 1 } });
    for (let round = 0; round < 10; round += 1) {
      for (const name of ["sweep", "pick", "poll"] as const) await tick(name, world.needs, notAborted).catch(() => {});
      world.clock.advance(20);
    }
    expect((await world.api.sessions.find(id)).ended).toBeNull();
    fake.behave();
    const session = await seeThrough(id);
    expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
    expectOneRun(session);
  });

  test("a failed session has the exception and the step that Dagster reports", async () => {
    const session = await seeThrough(await trigger({ job: { ...inPipelines, name: "fail" } }));
    expect(session).toMatchObject({
      state: "failed",
      error: { code: "RUN_FAILED", message: expect.stringContaining("No such scene"), step: "boom" },
      run: { url: `${fake.url}/runs/${session.run?.id}` },
    });
  });

  test("a canceled session ends its run", async () => {
    const id = await trigger({ job: { ...inPipelines, name: "hang" } });
    await tick("pick", world.needs, notAborted);
    fake.work();
    await tick("poll", world.needs, notAborted);
    await world.api.sessions.cancel(id, change);
    expect(await seeThrough(id)).toMatchObject({ state: "canceled" });
    expect(listRuns(id).map(({ status }) => status)).toEqual(["CANCELED"]);
  });

  test("a thousand runs are polled with four requests, and over several turns when the answers are slow", {
    timeout: heavyTestTimeout,
  }, async () => {
    const policy = { overlap: "allow", misfire: "all", max_catch_up: 1000, catch_up_seconds: 86_400 };
    await world.api.schedules.create(toCreate({ job: { ...inPipelines, name: "hang" }, policy }), change);
    world.clock.advance(1000 * 60);
    await tick("scan", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    expect(fake.runs.size).toBe(1000);
    // The first poll also searches for second runs, 20 launches a request, in pages of 250.
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ polled: 1000 });
    expect(fake.count("FindRuns")).toBe(52);
    const before = fake.count();
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ polled: 1000 });
    expect(fake.count() - before).toBe(4);

    // Each turn has time for one page. A run of the first page has failed, and its reason cannot be read.
    fake.work();
    const { rows } = await sql<{ run_id: string }>`select run_id from ailbl_session order by id limit 1`.execute(
      database.db,
    );
    fake.setRun(rows[0]?.run_id ?? "", "FAILURE");
    fake.misbehave(reset, { operation: "RunFailures" });
    let turn = new AbortController();
    fake.misbehave(
      async ({ response, handle }) => {
        turn.abort();
        sendReply(response, await handle());
      },
      { operation: "RunStatuses" },
    );
    const polled: unknown[] = [];
    for (const _ of [1, 2, 3, 4]) {
      turn = new AbortController();
      polled.push(await tick("poll", world.needs, turn.signal));
    }
    expect(polled).toMatchObject([{ polled: 250, ended: 1 }, { polled: 250 }, { polled: 250 }, { polled: 250 }]);
    const query = sql`select from ailbl_session where run_status = 'running'`;
    expect((await query.execute(database.db)).rows).toHaveLength(999);
  });

  test("a process killed at any step leaves one run per session, and the session has the state of its run", {
    timeout: heavyTestTimeout,
  }, async () => {
    let isWhole = false;
    for (let fuse = 0; !isWhole; fuse += 1) {
      const id = await trigger();
      isWhole = await liveUntil(fuse);
      await sql`update ailbl_session set lease_expires_at = now() - interval '1 second' where phase = 'active'`.execute(
        database.db,
      );
      const session = await seeThrough(id, world.createProcess({ engine: world.needs.engine }));
      expect(session, `killed after ${fuse} half steps`).toMatchObject({ state: "succeeded", attempt: 1 });
      expectOneRun(session);
    }
  });

  /** Picks, launches and polls in a process that dies after `fuse` half steps. @returns whether it survived to the end */
  async function liveUntil(fuse: number): Promise<boolean> {
    const life = createLife();
    const db = createMortalDatabase(database.db, life);
    const needs = withEngine({ ...world.createProcess(), db }, createMortalEngine(world.needs.engine, life));
    life.burn(fuse);
    try {
      for (const name of ["pick", "poll", "poll"] as const) {
        await tick(name, needs, notAborted);
        fake.work();
        fake.work();
      }
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    return !life.isDead();
  }
});

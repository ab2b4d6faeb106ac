import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { deleteOldSessions } from "../../src/scheduler/sweep/old-rows.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { toRetryDelaySeconds } from "../../src/sessions/retries.ts";
import type { createRemoteEngine } from "../scheduler/remote-engine.ts";
import { describeWithRemote } from "../scheduler/remote-fixtures.ts";
import { change, notAborted, toCreate, type World, withEngine } from "../scheduler/world.ts";

type RemoteEngine = ReturnType<typeof createRemoteEngine>;

/** Steps of a session whose run fails, for tests. */
function createSteps(world: World, remote: RemoteEngine) {
  async function start(policy: Record<string, unknown>) {
    const schedule = await world.api.schedules.create(toCreate({ policy }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    return { id, scheduleId: schedule.id };
  }

  /** Ends a run, and polls. The remote engine names runs by their number. */
  async function end(run: number, state: "succeeded" | "failed" | "canceled", code = "JOB_FAILED") {
    const at = world.clock.now();
    const error = state === "succeeded" ? null : { code, message: `attempt ${run} failed`, step: null };
    remote.set(`run-${run}`, { state, startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
  }

  /** Polls as often and as long as it takes to count a run as lost. */
  async function lose(): Promise<void> {
    for (let poll = 0; poll < 3; poll += 1) {
      await tick("poll", world.needs, notAborted);
      world.clock.advance(10);
    }
  }

  async function listEvents(): Promise<string[]> {
    const { rows } = await sql<{ type: string }>`select type from eom_event order by id`.execute(world.db);
    return rows.map(({ type }) => type);
  }

  return { start, end, lose, listEvents, find: (id: string) => world.api.sessions.find(id) };
}

describeWithRemote("a failed run", (remoteTest) => {
  const test = remoteTest.extend<{ readonly session: ReturnType<typeof createSteps> }>({
    session: async ({ world, remote }, use) => use(createSteps(world, remote)),
  });

  test("is retried by a person without a word of spread_seconds, also if this process's clock is ahead", async ({
    world,
    session: { start, end, find },
  }) => {
    const { id } = await start({});
    await end(1, "failed");
    // As in the transaction that creates a session: now() is its start, and `run_after` is later.
    world.clock.set("2040-01-01T00:00:00.000Z");
    const retried = await world.api.sessions.retry(id, change);
    expect(retried.explanation).toMatchObject({
      sentence: expect.stringMatching(/^It has been due since 2040-01-01T00:00:00.000Z/),
      waiting_on: "worker",
    });
    expect((await find(retried.id)).explanation.sentence).not.toContain("spread");
  });

  test("is retried after a delay, as a new run of the same session, whose history has every attempt", async ({
    world,
    session: { start, end, find, listEvents },
  }) => {
    const { id, scheduleId } = await start({ max_retries: 2, retry_delay_seconds: 60 });
    await end(1, "failed");
    expect(await find(id)).toMatchObject({ state: "retry_wait", attempt: 1, error: { message: "attempt 1 failed" } });
    // Half of the delay is random.
    world.clock.advance(29);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 0 });
    world.clock.advance(32);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 1, launched: 1 });
    expect(await find(id)).toMatchObject({ state: "running", attempt: 2, run: { id: "run-2" } });
    await end(2, "succeeded");
    const session = await find(id);
    expect(session).toMatchObject({ state: "succeeded", attempt: 2, error: null });
    expect(session.history.map(({ to, attempt }) => `${to} ${attempt}`)).toEqual([
      "pending 1",
      "claimed 1",
      "running 1",
      "retry_wait 1",
      "claimed 2",
      "running 2",
      "succeeded 2",
    ]);
    // Sessions are counted and reported, not their attempts.
    expect((await world.api.schedules.find(scheduleId)).failed).toBe(0);
    expect(await listEvents()).toEqual(["session.succeeded"]);
  });

  test("fails for good when no attempt is left", async ({ world, session: { start, end, find, listEvents } }) => {
    const { id, scheduleId } = await start({ max_retries: 1, retry_delay_seconds: 1 });
    await end(1, "failed");
    world.clock.advance(1);
    await tick("pick", world.needs, notAborted);
    await end(2, "failed");
    expect(await find(id)).toMatchObject({ state: "failed", attempt: 2, error: { message: "attempt 2 failed" } });
    expect(await world.api.schedules.find(scheduleId)).toMatchObject({ failed: 1, consecutive_failures: 1 });
    expect(await listEvents()).toEqual(["session.failed"]);
  });

  test("is not retried when the session was canceled, or when the error is final", async ({
    world,
    session: { start, end, find },
  }) => {
    const canceled = await start({ max_retries: 5 });
    await world.api.sessions.cancel(canceled.id, change);
    await end(1, "failed");
    expect(await find(canceled.id)).toMatchObject({ state: "canceled" });
    const refused = await start({ max_retries: 5 });
    await end(2, "failed", "JOB_UNKNOWN");
    expect(await find(refused.id)).toMatchObject({ state: "failed", attempt: 1 });
  });

  test("is not retried when a person cancels the session while a limit ends it", async ({
    world,
    remote,
    session: { start, end, find },
  }) => {
    const { id } = await start({ max_retries: 5, max_runtime_seconds: 10 });
    remote.set("run-1", { state: "running", startedAt: world.clock.now(), output: null });
    world.clock.advance(11);
    await tick("poll", world.needs, notAborted);
    await world.api.sessions.cancel(id, change);
    await end(1, "canceled");
    expect(await find(id)).toMatchObject({ state: "canceled", attempt: 1 });
  });

  test("that was canceled and then lost ends as canceled, and does not count as a failure", async ({
    world,
    remote,
    session: { start, find, lose },
  }) => {
    const { id, scheduleId } = await start({ max_retries: 5 });
    await world.api.sessions.cancel(id, change);
    remote.runs.delete("run-1");
    await lose();
    expect(await find(id)).toMatchObject({ state: "canceled" });
    expect(await world.api.schedules.find(scheduleId)).toMatchObject({ failed: 0, consecutive_failures: 0 });
  });

  test("leaves no session waiting for a deleted schedule: pick cancels it", async ({ world, session: { find } }) => {
    const schedule = await world.api.schedules.create(toCreate(), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await sql`delete from ailbl_schedule`.execute(world.db);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 0 });
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SCHEDULE_DELETED" } });
  });

  test("is recorded although the search for another run fails", async ({ world, remote, session: { find } }) => {
    const schedule = await world.api.schedules.create(toCreate(), change);
    const running = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    remote.answerUnclearly("without a run");
    const doubtful = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    const at = world.clock.now();
    remote.set("run-1", { state: "succeeded", startedAt: at, endedAt: at, error: null, result: null, output: null });
    const engine = { ...remote.engine, listRuns: () => Promise.reject(new Error("no route to the engine")) };
    await expect(tick("poll", withEngine(world.needs, engine), notAborted)).rejects.toThrow("no route to the engine");
    expect(await find(running.id)).toMatchObject({ state: "succeeded" });
    expect(await find(doubtful.id)).toMatchObject({ state: "unknown" });
  });

  test("is retried after a loss or a time-out, and its event names the cause when it fails for good", async ({
    world,
    remote,
    session: { start, end, find, listEvents, lose },
  }) => {
    const { id } = await start({ max_retries: 1, retry_delay_seconds: 1 });
    remote.runs.delete("run-1");
    await lose();
    expect(await find(id)).toMatchObject({ state: "retry_wait", error: { code: "RUN_LOST" } });
    world.clock.advance(1);
    await tick("pick", world.needs, notAborted);
    await end(1, "failed", "JOB_TIMED_OUT");
    expect(await listEvents()).toEqual(["session.timed_out"]);
  });

  test("can be retried by hand once, as a new session for the same data", async ({
    world,
    session: { start, end, find },
  }) => {
    const { id } = await start({});
    await expect(world.api.sessions.retry(id, change)).rejects.toMatchObject({ code: "SESSION_STATE_CONFLICT" });
    await end(1, "failed");
    const [first, second] = await Promise.allSettled([
      world.api.sessions.retry(id, change),
      world.api.sessions.retry(id, change),
    ]);
    const made = [first, second].filter((result) => result.status === "fulfilled");
    expect(made).toHaveLength(1);
    const old = await find(id);
    expect(made[0]?.value).toMatchObject({
      cause: "retry",
      retry_of: id,
      state: "pending",
      slot: old.slot,
      data_interval: old.data_interval,
    });
    expect(old.state).toBe("failed");
    await tick("pick", world.needs, notAborted);
    await end(2, "succeeded");
    await expect(world.api.sessions.retry(made[0]?.value.id ?? "", change)).rejects.toMatchObject({
      code: "SESSION_STATE_CONFLICT",
    });
  });

  test("counts in a batch of ends as it would alone", async ({ world, remote }) => {
    const schedule = await world.api.schedules.create(toCreate({ policy: { overlap: "allow" } }), change);
    for (let count = 0; count < 6; count += 1) await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    const at = (second: number) => new Date(world.clock.now().getTime() + second * 1000);
    const error = { code: "JOB_FAILED", message: "no", step: null };
    for (const [index, failed] of [true, false, true, true, false, true].entries()) {
      const ended = { startedAt: at(0), endedAt: at(index), result: null, output: null };
      remote.set(`run-${index + 1}`, {
        state: failed ? "failed" : "succeeded",
        error: failed ? error : null,
        ...ended,
      });
    }
    await tick("poll", world.needs, notAborted);
    expect(await world.api.schedules.find(schedule.id)).toMatchObject({
      sessions: 6,
      succeeded: 2,
      failed: 4,
      consecutive_failures: 1,
    });
  });

  test("is deleted with its history and detail when its session ended before the retention time; others stay", async ({
    world,
    session: { start, end, find },
  }) => {
    const { id } = await start({});
    await end(1, "failed");
    const running = await start({});
    expect(await deleteOldSessions(world.db, 90, 100)).toMatchObject({ sessions: 0 });
    await sql`update ailbl_session set created = now() - interval '100 days',
      ended = case when ended is not null then now() - interval '91 days' end`.execute(world.db);
    expect(await deleteOldSessions(world.db, 90, 100)).toMatchObject({ sessions: 1 });
    await expect(find(id)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    expect((await find(running.id)).history.length).toBeGreaterThan(1);
    const left = await sql`select 1 from ailbl_session_event where session_id = ${id}
      union all select 1 from ailbl_session_detail where session_id = ${id}`.execute(world.db);
    expect(left.rows).toEqual([]);
  });
});

test("the delay before a retry doubles, is at least half of that, and is at most a day", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 86_400 }),
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (delay, attempt, random) => {
        const longest = Math.min(86_400, delay * 2 ** (attempt - 1));
        const seconds = toRetryDelaySeconds(delay, attempt, random);
        expect(seconds).toBeGreaterThanOrEqual(longest / 2);
        expect(seconds).toBeLessThanOrEqual(longest);
      },
    ),
  );
});

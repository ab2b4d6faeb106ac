import { sql } from "kysely";
import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import type { SessionWithHistory } from "../../src/sessions/model.ts";
import { firstPage } from "../support/first-page.ts";
import { createSchedulerTest } from "./fixtures.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { describeWithRemote } from "./remote-fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

type RemoteEngine = ReturnType<typeof createRemoteEngine>;

/** Steps of schedules that are due each minute. */
function createSteps(world: World, remote: RemoteEngine) {
  async function passMinute() {
    world.clock.advance(60);
    await tick("scan", world.needs, notAborted);
    return turn();
  }

  const turn = () => tick("pick", world.needs, notAborted);

  async function endRun(number: number, state: "succeeded" | "canceled" = "succeeded") {
    const at = world.clock.now();
    remote.set(`run-${number}`, { state, startedAt: at, endedAt: at, error: null, result: null, output: null });
    await tick("poll", world.needs, notAborted);
  }

  async function listSlots(): Promise<SessionWithHistory[]> {
    const query = { size: 100, asc: true, sortby: "slot" as const };
    const { rows } = await world.api.sessions.list(query, firstPage);
    return Promise.all(rows.map(({ id }) => world.api.sessions.find(id)));
  }

  const listStates = async () => (await listSlots()).map(({ state }) => state);

  const create = (policy: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    world.api.schedules.create(toCreate({ policy, ...more }), change);

  return { passMinute, turn, endRun, listSlots, listStates, create };
}

describeWithRemote("the overlap policy", (remoteTest) => {
  const test = remoteTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world, remote }, use) => use(createSteps(world, remote)),
  });

  test("queue: one slot waits while another runs, later slots are skipped, and the waiting slot starts when the run has ended", async ({
    steps: { passMinute, turn, endRun, listSlots, listStates, create },
  }) => {
    await create({ overlap: "queue" });
    await passMinute();
    await passMinute();
    await passMinute();
    await passMinute();
    expect(await listStates()).toEqual(["running", "pending", "skipped", "skipped"]);
    const [, waiting] = await listSlots();
    expect(waiting?.explanation).toMatchObject({ waiting_on: "session" });
    // While the other slot runs, pick does not read the waiting one again.
    expect(await turn()).toMatchObject({ claimed: 0, skipped: 0, queued: 0 });
    await endRun(1);
    expect(await turn()).toMatchObject({ claimed: 1 });
    expect(await listStates()).toEqual(["succeeded", "running", "skipped", "skipped"]);
  });

  test("queue: a schedule with waiting sessions does not delay other schedules", async ({
    world,
    steps: { passMinute, turn, create },
  }) => {
    await create({ overlap: "queue" });
    await passMinute();
    await passMinute();
    const other = await create({ overlap: "skip" });
    await world.api.sessions.trigger(other.id, change);
    expect(await turn()).toMatchObject({ claimed: 1 });
  });

  test("queue: a waiting slot is skipped when the schedule is disabled, and canceled when a caller cancels it", async ({
    world,
    steps: { passMinute, turn, endRun, listSlots, listStates, create },
  }) => {
    const schedule = await create({ overlap: "queue" });
    await passMinute();
    await passMinute();
    const [, first] = await listSlots();
    await world.api.sessions.cancel(first?.id ?? "", change);
    await passMinute();
    await world.api.schedules.setEnabled(schedule.id, false, null, change);
    expect(await listStates()).toEqual(["running", "canceled", "skipped"]);
    await endRun(1);
    expect(await turn()).toMatchObject({ claimed: 0 });
  });

  test("cancel_previous: the newest slot replaces the running one, which ends as canceled with SESSION_REPLACED", async ({
    world,
    remote,
    steps: { passMinute, turn, endRun, listSlots, listStates, create },
  }) => {
    await create({ overlap: "cancel_previous" });
    await passMinute();
    await passMinute();
    await tick("poll", world.needs, notAborted);
    expect(remote.canceled).toEqual(["run-1"]);
    expect(await listStates()).toEqual(["running", "pending"]);
    // The first run is still ending: a newer slot replaces the waiting one.
    await passMinute();
    expect(await listStates()).toEqual(["running", "skipped", "pending"]);
    await endRun(1, "canceled");
    await turn();
    const [replaced, , newest] = await listSlots();
    expect(replaced).toMatchObject({ state: "canceled", error: { code: "SESSION_REPLACED" } });
    expect(newest).toMatchObject({ state: "running" });
    expect(replaced?.history.map(({ cause }) => cause)).toContain("replaced");
  });

  test("cancel_previous: a session that waits for its next attempt is canceled at once", async ({
    world,
    remote,
    steps: { passMinute, turn, listStates, create },
  }) => {
    await create({ overlap: "cancel_previous", max_retries: 3, retry_delay_seconds: 3600 });
    await passMinute();
    const at = world.clock.now();
    const error = { code: "JOB_FAILED", message: "no", step: null };
    remote.set("run-1", { state: "failed", startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
    expect(await listStates()).toEqual(["retry_wait"]);
    await passMinute();
    expect(await listStates()).toEqual(["canceled", "pending"]);
    await turn();
    expect(await listStates()).toEqual(["canceled", "running"]);
  });

  test("cancel_previous: a newer slot starts in place of a retry that is due at the same time", async ({
    world,
    remote,
    steps: { passMinute, turn, listStates, create },
  }) => {
    await create({ overlap: "cancel_previous", max_retries: 1, retry_delay_seconds: 1 });
    await passMinute();
    const at = world.clock.now();
    const error = { code: "JOB_FAILED", message: "no", step: null };
    remote.set("run-1", { state: "failed", startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
    await passMinute();
    await turn();
    expect(await listStates()).toEqual(["canceled", "running"]);
  });

  test("allow: slots run at the same time", async ({ steps: { passMinute, listStates, create } }) => {
    await create({ overlap: "allow" });
    await passMinute();
    await passMinute();
    expect(await listStates()).toEqual(["running", "running"]);
  });

  test("a running backfill delays no slot, and a manual session starts whatever runs", async ({
    world,
    steps: { passMinute, turn, listStates, create },
  }) => {
    const schedule = await create({ overlap: "skip" });
    const stretch = { from: new Date("2026-11-23T08:00:00Z"), to: new Date("2026-11-23T08:01:00Z"), max_parallel: 1 };
    await world.api.backfills.create(schedule.id, stretch, change);
    await tick("backfill", world.needs, notAborted);
    await turn();
    await passMinute();
    await world.api.sessions.trigger(schedule.id, change);
    await turn();
    expect(await listStates()).toEqual(["running", "running", "running"]);
  });
});

const test = createSchedulerTest("postgres", () => ({
  engine: { ...createRemoteEngine().engine, launchesPerSecond: 3 },
}));

test("all processes share an engine's launch rate, which allows one second's launches at once and returns unused ones", async ({
  world,
}) => {
  const other = world.createProcess();
  const schedule = await world.api.schedules.create(toCreate({ policy: { overlap: "allow" } }), change);
  const trigger = () => world.api.sessions.trigger(schedule.id, change);
  await trigger();
  expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 1 });
  for (let count = 0; count < 10; count += 1) await trigger();
  // The bucket refills while the test runs, by one token or more on a slow machine: stop it.
  await sql`update ailbl_engine_bucket set refilled = now() + interval '1 hour'`.execute(world.db);
  const claimed = await Promise.all([tick("pick", world.needs, notAborted), tick("pick", other, notAborted)]);
  expect(claimed.reduce((sum, { claimed: count }) => sum + (count ?? 0), 0)).toBe(2);
  await sql`update ailbl_engine_bucket set refilled = now() - interval '1 hour', tokens = 0`.execute(world.db);
  const { claimed: more } = await tick("pick", world.needs, notAborted);
  expect(more).toBeGreaterThanOrEqual(3);
  expect(more).toBeLessThan(8);
});

import { expect } from "vitest";
import { inTransaction } from "../../src/platform/database/transaction.ts";
import { createId } from "../../src/platform/id.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { lockCandidates } from "../../src/scheduler/pick/queries.ts";
import { toPlaces } from "../../src/scheduler/pick/room.ts";
import { tick } from "../../src/scheduler/tick.ts";
import { listSessionsSchema, type Session } from "../../src/sessions/model.ts";
import { type DatabaseKind, databaseKinds } from "../support/database/database.ts";
import { firstPage } from "../support/first-page.ts";
import { heavyTestTimeout } from "../support/time-limits.ts";
import { createSchedulerTest } from "./fixtures.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

const maxRuns = 10;
const stepSeconds = 20;
const longSeconds = 300;

/** Two steps: the scan that opens a session, and the poll that sees room. */
const maxLateSeconds = 2 * stepSeconds;

function createLimitedEngine() {
  const remote = createRemoteEngine();
  return { ...remote, engine: { ...remote.engine, maxRuns, launchesPerSecond: 1000 } };
}

type Remote = ReturnType<typeof createLimitedEngine>;

function createSteps(world: World, remote: Remote) {
  const begun = new Map<string, number>();

  /** Ends runs of `ok` at once, and runs of `hang` after {@link longSeconds}. */
  function work(): void {
    const now = world.clock.now();
    for (const [id, { job, status }] of remote.runs) {
      if ("endedAt" in status) continue;
      const from = begun.get(id) ?? now.getTime();
      begun.set(id, from);
      if (job === "hang" && now.getTime() - from < longSeconds * 1000) continue;
      remote.set(id, { state: "succeeded", startedAt: now, endedAt: now, error: null, result: null, output: null });
    }
  }

  async function step(): Promise<void> {
    world.clock.advance(stepSeconds);
    await tick("scan", world.needs, notAborted);
    await tick("backfill", world.needs, notAborted);
    await tick("pick", world.needs, notAborted);
    work();
    await tick("poll", world.needs, notAborted);
  }

  async function passMinutes(minutes: number): Promise<void> {
    for (let seconds = 0; seconds < minutes * 60; seconds += stepSeconds) await step();
  }

  const create = (owner: string, job: string, more: Record<string, unknown> = {}) =>
    world.api.schedules.create(toCreate({ owner, job: { name: job }, ...more }), change);

  /** A schedule without live slots. */
  async function createDisabled(owner: string, job: string): Promise<string> {
    const { id } = await create(owner, job);
    await world.api.schedules.setEnabled(id, false, null, change);
    return id;
  }

  async function fillBack(id: string, hours: number): Promise<void> {
    const to = world.clock.now();
    const from = new Date(to.getTime() - hours * 3_600_000);
    await world.api.backfills.create(id, { from, to, max_parallel: 100 }, change);
  }

  async function triggerTimes(id: string, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) await world.api.sessions.trigger(id, change);
  }

  async function listSessions(filter: Record<string, unknown>): Promise<Session[]> {
    const { rows } = await world.api.sessions.list(listSessionsSchema.parse({ size: "100", ...filter }), firstPage);
    return rows.map(world.api.sessions.represent);
  }

  /** The classes of the sessions that pick considers, in its order. */
  async function listClasses(): Promise<number[]> {
    const places = toPlaces(remote.engine, world.needs.lease.owner);
    const options = { limit: 40, places };
    const candidates = await inTransaction(world.db, (tx) =>
      lockCandidates(tx, remote.engine.name, world.clock.now(), options),
    );
    return candidates.map((candidate) => candidate.class);
  }

  return { step, passMinutes, create, createDisabled, fillBack, triggerTimes, listSessions, listClasses };
}

function createOrderTest(kind: DatabaseKind) {
  let remote: Remote;
  return createSchedulerTest(kind, () => {
    remote = createLimitedEngine();
    return { engine: remote.engine };
  }).extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world, remote)),
  });
}

const toLateSeconds = ({ slot, picked }: Session) => (Date.parse(picked ?? "") - Date.parse(slot)) / 1000;

for (const kind of databaseKinds) {
  const test = createOrderTest(kind);

  test(`a long backfill in a full engine loses and delays no live slot, on ${kind}`, {
    timeout: heavyTestTimeout,
  }, async ({ steps }) => {
    const past = await steps.createDisabled("ada", "hang");
    const live = [
      await steps.create("ada", "ok"),
      await steps.create("ada", "ok"),
      await steps.create("bob", "ok"),
    ].map(({ id }) => id);
    await steps.fillBack(past, 10);
    await steps.passMinutes(20);
    await steps.step();
    const slots = await steps.listSessions({ schedule_id: live });
    expect(slots).toHaveLength(60);
    expect(slots.filter(({ state }) => state === "skipped")).toEqual([]);
    expect(Math.max(...slots.map(toLateSeconds))).toBeLessThanOrEqual(maxLateSeconds);
    expect((await steps.listSessions({ schedule_id: [past] })).length).toBeGreaterThan(20);
  });

  test(`an owner's long runs leave room for another owner's session, on ${kind}`, async ({ steps }) => {
    const long = await steps.createDisabled("ada", "hang");
    const short = await steps.createDisabled("bob", "ok");
    await steps.triggerTimes(long, 36);
    await steps.step();
    await steps.triggerTimes(short, 1);
    await steps.step();
    expect(await steps.listSessions({ schedule_id: [short] })).toMatchObject([{ state: "succeeded" }]);
  });

  test(`due slots start before manual sessions, bulk actions and backfills of the same schedule, on ${kind}`, async ({
    world,
    steps,
  }) => {
    const { id } = await steps.create("ada", "hang");
    await steps.fillBack(id, 1);
    await world.api.sessions.trigger(id, change, createId());
    await world.api.sessions.trigger(id, change);
    world.clock.advance(60);
    await tick("backfill", world.needs, notAborted);
    await tick("scan", world.needs, notAborted);
    const [session] = await steps.listSessions({ schedule_id: [id], sortby: "created" });
    expect(session?.explanation.sentence).toContain("Due slots of schedules");
    expect(await steps.listClasses()).toEqual([0, 1, 2, ...Array(37).fill(3)]);
    const { claims } = await pick(world.needs);
    const causes = new Map((await steps.listSessions({ schedule_id: [id] })).map((each) => [each.id, each.cause]));
    expect(claims.map(({ session: { id: claimed } }) => causes.get(claimed)).toSorted()).toEqual([
      "backfill",
      "backfill",
      "backfill",
      "backfill",
      "manual",
      "manual",
      "slot",
    ]);
  });

  test(`a slot that is skipped behind a session that waited for room says so, on ${kind}`, async ({ world, steps }) => {
    const long = await steps.createDisabled("ada", "hang");
    await steps.triggerTimes(long, 36);
    await steps.step();
    const live = await Promise.all(Array.from({ length: 4 }, () => steps.create("ada", "hang")));
    await steps.passMinutes(7);
    const sentences = (await steps.listSessions({ schedule_id: live.map(({ id }) => id) }))
      .filter(({ state, reason }) => state === "skipped" && reason === "overlap")
      .map(({ explanation }) => explanation.sentence);
    expect(sentences).toContainEqual(expect.stringContaining("waited for room in the engine"));
    expect(sentences).toContainEqual(expect.stringContaining("was under way"));
    expect(world.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
}

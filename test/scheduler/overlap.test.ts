import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import type { SessionWithHistory } from "../../src/sessions/model.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { createRemoteEngine } from "./remote-engine.ts";
import { change, createWorld, notAborted, toCreate, type World } from "./world.ts";

/** A schedule is due each minute, and its runs end by hand. */
describe.each(databaseKinds)("the overlap policy on %s", (kind) => {
  let database: TestDatabase;
  let remote: ReturnType<typeof createRemoteEngine>;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    remote = createRemoteEngine();
    world = createWorld({ db: database.db, engine: remote.engine });
  });
  afterEach(async () => {
    for (const table of ["ailbl_session", "ailbl_schedule", "ailbl_backfill", "ailbl_engine_bucket"]) {
      await sql`delete from ${sql.table(table)}`.execute(database.db);
    }
  });

  async function minute() {
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

  async function slots(): Promise<SessionWithHistory[]> {
    const query = { size: 100, asc: true, sortby: "slot" as const };
    const { rows } = await world.api.sessions.list(query);
    return Promise.all(rows.map(({ id }) => world.api.sessions.find(id)));
  }

  const states = async () => (await slots()).map(({ state }) => state);

  const create = (policy: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    world.api.schedules.create(toCreate({ policy, ...more }), change);

  test("queue: one slot waits for the one that runs, those after it are skipped, and it starts when the other has ended", async () => {
    await create({ overlap: "queue" });
    await minute();
    await minute();
    await minute();
    await minute();
    expect(await states()).toEqual(["running", "pending", "skipped", "skipped"]);
    const [, waiting] = await slots();
    expect(waiting?.explanation).toMatchObject({ waiting_on: "session" });
    // As long as the other runs, nobody looks at it again.
    expect(await turn()).toMatchObject({ claimed: 0, skipped: 0, queued: 0 });
    await endRun(1);
    expect(await turn()).toMatchObject({ claimed: 1 });
    expect(await states()).toEqual(["succeeded", "running", "skipped", "skipped"]);
  });

  test("queue: a schedule whose sessions wait keeps no other from starting", async () => {
    await create({ overlap: "queue" });
    await minute();
    await minute();
    const other = await create({ overlap: "skip" });
    await world.api.sessions.trigger(other.id, change);
    expect(await turn()).toMatchObject({ claimed: 1 });
  });

  test("queue: what waits is skipped when the schedule is disabled, and canceled when somebody cancels it", async () => {
    const schedule = await create({ overlap: "queue" });
    await minute();
    await minute();
    const [, first] = await slots();
    await world.api.sessions.cancel(first?.id ?? "", change);
    await minute();
    await world.api.schedules.setEnabled(schedule.id, false, null, change);
    expect(await states()).toEqual(["running", "canceled", "skipped"]);
    await endRun(1);
    expect(await turn()).toMatchObject({ claimed: 0 });
  });

  test("cancel_previous: the newest slot takes the place of the one that runs, which ends as canceled and says why", async () => {
    await create({ overlap: "cancel_previous" });
    await minute();
    await minute();
    await tick("poll", world.needs, notAborted);
    expect(remote.canceled).toEqual(["run-1"]);
    expect(await states()).toEqual(["running", "pending"]);
    // Still ending: a newer one takes the place of the one that waits.
    await minute();
    expect(await states()).toEqual(["running", "skipped", "pending"]);
    await endRun(1, "canceled");
    await turn();
    const [replaced, , newest] = await slots();
    expect(replaced).toMatchObject({ state: "canceled", error: { code: "SESSION_REPLACED" } });
    expect(newest).toMatchObject({ state: "running" });
    expect(replaced?.history.map(({ cause }) => cause)).toContain("replaced");
  });

  test("cancel_previous: one that waits for its next attempt is ended at once", async () => {
    await create({ overlap: "cancel_previous", max_retries: 3, retry_delay_seconds: 3600 });
    await minute();
    const at = world.clock.now();
    const error = { code: "JOB_FAILED", message: "no", step: null };
    remote.set("run-1", { state: "failed", startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
    expect(await states()).toEqual(["retry_wait"]);
    await minute();
    expect(await states()).toEqual(["canceled", "pending"]);
    await turn();
    expect(await states()).toEqual(["canceled", "running"]);
  });

  test("cancel_previous: a next attempt and a newer slot that are due together: the slot starts, the other is ended", async () => {
    await create({ overlap: "cancel_previous", max_retries: 1, retry_delay_seconds: 1 });
    await minute();
    const at = world.clock.now();
    const error = { code: "JOB_FAILED", message: "no", step: null };
    remote.set("run-1", { state: "failed", startedAt: at, endedAt: at, error, result: null, output: null });
    await tick("poll", world.needs, notAborted);
    await minute();
    await turn();
    expect(await states()).toEqual(["canceled", "running"]);
  });

  test("allow: slots run beside each other", async () => {
    await create({ overlap: "allow" });
    await minute();
    await minute();
    expect(await states()).toEqual(["running", "running"]);
  });

  test("a backfill that runs holds up no slot, and a manual session starts whatever runs", async () => {
    const schedule = await create({ overlap: "skip" });
    const stretch = { from: new Date("2026-11-23T08:00:00Z"), to: new Date("2026-11-23T08:01:00Z"), max_parallel: 1 };
    await world.api.backfills.create(schedule.id, stretch, change);
    await tick("backfill", world.needs, notAborted);
    await turn();
    await minute();
    await world.api.sessions.trigger(schedule.id, change);
    await turn();
    expect(await states()).toEqual(["running", "running", "running"]);
  });
});

describe("the rate at which an engine is asked to begin runs", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase("postgres");
  });
  afterAll(() => database.close());

  test("is shared by all processes, holds a second's worth, and what is not used is given back", async () => {
    const remote = createRemoteEngine();
    const engine = { ...remote.engine, launchesPerSecond: 3 };
    const world = createWorld({ db: database.db, engine });
    const other = world.createProcess({ engine });
    const schedule = await world.api.schedules.create(toCreate({ policy: { overlap: "allow" } }), change);
    const trigger = () => world.api.sessions.trigger(schedule.id, change);
    await trigger();
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ claimed: 1 });
    for (let count = 0; count < 10; count += 1) await trigger();
    // The bucket fills while we look: a slow machine may find a token more.
    await sql`update ailbl_engine_bucket set refilled = now() + interval '1 hour'`.execute(database.db);
    const claimed = await Promise.all([tick("pick", world.needs, notAborted), tick("pick", other, notAborted)]);
    expect(claimed.reduce((sum, { claimed: count }) => sum + (count ?? 0), 0)).toBe(2);
    await sql`update ailbl_engine_bucket set refilled = now() - interval '1 hour', tokens = 0`.execute(database.db);
    const { claimed: more } = await tick("pick", world.needs, notAborted);
    expect(more).toBeGreaterThanOrEqual(3);
    expect(more).toBeLessThan(8);
  });
});

import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { patience } from "../support/time-limits.ts";
import { change, createWorld, notAborted, toCreate, type World } from "./world.ts";

describe.each(databaseKinds)("poll on %s", (kind) => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    world = createWorld({ db: database.db });
  });
  afterEach(async () => {
    await world.close();
    await sql`delete from ailbl_session`.execute(database.db);
    await sql`delete from ailbl_schedule`.execute(database.db);
  });

  async function startHanging(policy: Record<string, unknown> = {}): Promise<string> {
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" }, policy }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    return id;
  }

  test("a run that takes too long is ended, and the session says so", async () => {
    const id = await startHanging({ max_runtime_seconds: 60 });
    world.clock.advance(60);
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ stopped: 0 });
    world.clock.advance(1);
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ stopped: 1 });
    expect((await world.api.sessions.find(id)).explanation).toMatchObject({ waiting_on: "stop" });
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    const session = await world.api.sessions.find(id);
    expect(session).toMatchObject({ state: "failed", error: { code: "MAX_RUNTIME_EXCEEDED" }, duration_seconds: 61 });
    expect(session.history.map(({ cause }) => cause)).toContain("max_runtime");
  });

  test("a canceled session ends its run, and is canceled when the run has ended", async () => {
    const id = await startHanging();
    expect(await world.api.sessions.cancel(id, change)).toMatchObject({ state: "running" });
    await tick("poll", world.needs, notAborted);
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    const session = await world.api.sessions.find(id);
    expect(session).toMatchObject({ state: "canceled" });
    expect(session.history.map(({ cause, actor }) => [cause, actor])).toContainEqual(["cancel_requested", "ada"]);
    const row = await world.api.schedules.find(session.schedule_id);
    expect([row.failed, row.consecutive_failures]).toEqual([0, 0]);
  });

  test("a heartbeat keeps the lease, and writes nothing while it is long", async () => {
    const id = await startHanging();
    const lease = async () => {
      const { rows } = await sql<{ at: string; xmin: string }>`
        select lease_expires_at::text as at, xmin::text from ailbl_session where id = ${id}`.execute(database.db);
      return rows[0];
    };
    await tick("poll", world.needs, notAborted);
    const fresh = await lease();
    await tick("poll", world.needs, notAborted);
    expect(await lease()).toEqual(fresh);
    await sql`update ailbl_session set lease_expires_at = now() + interval '20 seconds'`.execute(database.db);
    const short = await lease();
    await tick("poll", world.needs, notAborted);
    expect((await lease())?.at.localeCompare(short?.at ?? "")).toBe(1);
  });

  test("counts the ends by their state", async () => {
    const id = await startHanging();
    await world.api.sessions.cancel(id, change);
    await vi.waitFor(async () => {
      await tick("poll", world.needs, notAborted);
      expect((await world.api.sessions.find(id)).state).toBe("canceled");
    }, patience);
    expect(await world.metrics.sessionsEnded.get()).toMatchObject({
      values: [{ labels: { state: "canceled" }, value: 1 }],
    });
  });
});

import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchAll } from "../../src/scheduler/launch/launch.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { expireOtherLeases } from "../../src/scheduler/renew/leases.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { Session } from "../../src/sessions/model.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { change, createWorld, notAborted, toCreate, type World } from "./world.ts";

/** Processes die here by their steps being dropped: what they would have done next is not called. */
describe.each(databaseKinds)("a process that dies, on %s", (kind) => {
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

  async function trigger(fields: Record<string, unknown> = {}): Promise<Session> {
    const schedule = await world.api.schedules.create(toCreate(fields), change);
    return world.api.sessions.trigger(schedule.id, change);
  }

  const find = (id: string) => world.api.sessions.find(id);

  test("between claim and launch: the session runs once, in another process", async () => {
    const { id } = await trigger();
    const dying = world.createProcess({ leaseSeconds: 0 });
    expect((await pick(dying)).claims).toHaveLength(1);
    expect(await tick("sweep", world.needs, notAborted)).toEqual({
      requeued: 1,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
    });
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ launched: 1 });
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    const session = await find(id);
    expect(session).toMatchObject({ state: "succeeded", attempt: 1 });
    expect(session.history.map(({ cause }) => cause)).toEqual([
      "manual",
      "picked",
      "lease_expired",
      "picked",
      "launched",
      "run_ended",
    ]);
    expect(world.runsEnded.count()).toBe(1);
    await dying.engine.close();
  });

  test("between claim and launch, when somebody wanted the session to end: it is canceled and not picked again", async () => {
    const { id, schedule_id } = await trigger();
    const dying = world.createProcess({ leaseSeconds: 0 });
    await pick(dying);
    await world.api.schedules.remove(schedule_id, true, null, change);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ requeued: 0, canceled: 1 });
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SESSION_CANCELED" } });
    await dying.engine.close();
  });

  test("while its own child runs: the session fails and says so, when the lease has run out", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    const dying = world.createProcess({ leaseSeconds: 0 });
    await tick("pick", dying, notAborted);
    expect((await find(id)).state).toBe("running");
    expect(await tick("sweep", world.needs, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 0,
      failed: 1,
      duplicates: 0,
    });
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    // Should it live after all, it finds that the session is another's, and ends its child.
    const before = await find(id);
    expect(await tick("poll", dying, notAborted)).toEqual({ polled: 0, ended: 0, stopped: 0 });
    await world.runsEnded.until(1);
    await tick("poll", dying, notAborted);
    expect(dying.engine.held()).toEqual([]);
    expect(await find(id)).toEqual(before);
    expect(world.lines).toContainEqual(expect.objectContaining({ code: "SESSION_LOCK_LOST", session_id: id }));
  });

  test("between the launch of a child and the note of it: the session fails, since nobody can look for the child", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    const dying = world.createProcess({ leaseSeconds: 0 });
    const [claim] = (await pick(dying)).claims;
    if (claim === undefined) throw new Error("nothing was claimed");
    await launchAll({ ...dying, engine: { ...dying.engine, launch: () => Promise.reject(new Error("died here")) } }, [
      claim,
    ]);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ failed: 1, duplicates: 0 });
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    await dying.engine.close();
  });

  test("a lease that is alive is left alone", async () => {
    await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
    });
    await other.engine.close();
  });

  test("our own runs survive a stand-still that was longer than their lease", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 hour'`.execute(database.db);
    expect(await tick("sweep", world.needs, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
    });
    expect((await find(id)).state).toBe("running");
  });

  test("on a database that is ours alone, the dead are not waited for", async () => {
    await trigger({ job: { name: "hang" } });
    const dying = world.createProcess();
    await tick("pick", dying, notAborted);
    await expireOtherLeases(database.db, world.needs.lease.owner);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ failed: 1, duplicates: 0 });
    await dying.engine.close();
  });
});

import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launchAll } from "../../src/scheduler/launch.ts";
import { expireForeignLeases } from "../../src/scheduler/lease.ts";
import { pick } from "../../src/scheduler/pick.ts";
import type { Session } from "../../src/scheduler/session-model.ts";
import { ticks } from "../../src/scheduler/tick.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database.ts";
import { createRemoteEngine } from "./remote-engine.ts";
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
    expect(await ticks.sweep(world.needs, notAborted)).toEqual({ requeued: 1, canceled: 0, adopted: 0, failed: 0 });
    expect(await ticks.pick(world.needs, notAborted)).toMatchObject({ launched: 1 });
    await world.runsEnded.until(1);
    await ticks.poll(world.needs, notAborted);
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
    expect(await ticks.sweep(world.needs, notAborted)).toMatchObject({ requeued: 0, canceled: 1 });
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SESSION_CANCELED" } });
    await dying.engine.close();
  });

  test("while its own child runs: the session fails and says so, when the lease has run out", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    const dying = world.createProcess({ leaseSeconds: 0 });
    await ticks.pick(dying, notAborted);
    expect((await find(id)).state).toBe("running");
    expect(await ticks.sweep(world.needs, notAborted)).toEqual({ requeued: 0, canceled: 0, adopted: 0, failed: 1 });
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    // Should it live after all, it finds that the session is another's, and ends its child.
    const before = await find(id);
    expect(await ticks.poll(dying, notAborted)).toEqual({ polled: 0, ended: 0, stopped: 0 });
    await world.runsEnded.until(1);
    await ticks.poll(dying, notAborted);
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
    expect(await ticks.sweep(world.needs, notAborted)).toMatchObject({ failed: 1 });
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    await dying.engine.close();
  });

  test("a lease that is alive is left alone", async () => {
    await trigger({ job: { name: "hang" } });
    await ticks.pick(world.needs, notAborted);
    const other = world.createProcess();
    expect(await ticks.sweep(other, notAborted)).toEqual({ requeued: 0, canceled: 0, adopted: 0, failed: 0 });
    await other.engine.close();
  });

  test("our own runs survive a stand-still that was longer than their lease", async () => {
    const { id } = await trigger({ job: { name: "hang" } });
    await ticks.pick(world.needs, notAborted);
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 hour'`.execute(database.db);
    expect(await ticks.sweep(world.needs, notAborted)).toEqual({ requeued: 0, canceled: 0, adopted: 0, failed: 0 });
    expect((await find(id)).state).toBe("running");
  });

  test("on a database that is ours alone, the dead are not waited for", async () => {
    await trigger({ job: { name: "hang" } });
    const dying = world.createProcess();
    await ticks.pick(dying, notAborted);
    await expireForeignLeases(database.db, world.needs.lease.owner);
    expect(await ticks.sweep(world.needs, notAborted)).toMatchObject({ failed: 1 });
    await dying.engine.close();
  });

  describe("with an engine whose runs live on", () => {
    test("a run that was launched and not noted is found, and nothing is launched twice", async () => {
      const remote = createRemoteEngine();
      const { id } = await trigger();
      const dying = world.createProcess({ engine: remote.engine, leaseSeconds: 0 });
      const [claim] = (await pick(dying)).claims;
      if (claim === undefined) throw new Error("nothing was claimed");
      const dieAfterLaunch = async (request: Parameters<typeof remote.engine.launch>[0]) => {
        await remote.engine.launch(request);
        throw new Error("died here");
      };
      await launchAll({ ...dying, engine: { ...remote.engine, launch: dieAfterLaunch } }, [claim]);
      const other = world.createProcess({ engine: remote.engine });
      expect(await ticks.sweep(other, notAborted)).toEqual({ requeued: 0, canceled: 0, adopted: 1, failed: 0 });
      expect((await find(id)).state).toBe("unknown");
      await ticks.poll(other, notAborted);
      expect(await find(id)).toMatchObject({ state: "running", run: { id: "run-1" } });
      expect(remote.runs.size).toBe(1);
    });

    test("an unclear answer is settled by looking, and only relaunched when a long enough look found nothing", async () => {
      const remote = createRemoteEngine();
      const here = world.createProcess({ engine: remote.engine });
      const found = await trigger();
      remote.answerUnclearly("with a run");
      await ticks.pick(here, notAborted);
      expect((await find(found.id)).state).toBe("unknown");
      await ticks.poll(here, notAborted);
      expect((await find(found.id)).state).toBe("running");

      const missing = await trigger();
      remote.answerUnclearly("without a run");
      await ticks.pick(here, notAborted);
      await ticks.poll(here, notAborted);
      expect((await find(missing.id)).state).toBe("unknown");
      world.clock.advance(61);
      await ticks.poll(here, notAborted);
      expect((await find(missing.id)).state).toBe("pending");
      await ticks.pick(here, notAborted);
      expect(await find(missing.id)).toMatchObject({ state: "running", attempt: 1 });
    });

    test("a running session is taken over and polled to its end", async () => {
      const remote = createRemoteEngine();
      const { id } = await trigger();
      await ticks.pick(world.createProcess({ engine: remote.engine, leaseSeconds: 0 }), notAborted);
      const other = world.createProcess({ engine: remote.engine });
      expect(await ticks.sweep(other, notAborted)).toMatchObject({ adopted: 1 });
      const times = { startedAt: new Date("2026-11-23T10:00:05Z"), endedAt: new Date("2026-11-23T10:00:09Z") };
      remote.set("run-1", { state: "succeeded", ...times, error: null, result: null, output: null });
      await ticks.poll(other, notAborted);
      expect(await find(id)).toMatchObject({ state: "succeeded", duration_seconds: 4 });
    });

    test("a run that does not start in time is ended, and the session says so", async () => {
      const remote = createRemoteEngine();
      const here = world.createProcess({ engine: remote.engine });
      const { id } = await trigger({ policy: { launch_timeout_seconds: 60 } });
      await ticks.pick(here, notAborted);
      world.clock.advance(60);
      expect(await ticks.poll(here, notAborted)).toMatchObject({ stopped: 0 });
      world.clock.advance(1);
      expect(await ticks.poll(here, notAborted)).toMatchObject({ stopped: 1 });
      expect(remote.canceled).toEqual(["run-1"]);
      remote.set("run-1", {
        state: "canceled",
        startedAt: null,
        endedAt: world.clock.now(),
        error: null,
        result: null,
        output: null,
      });
      await ticks.poll(here, notAborted);
      expect(await find(id)).toMatchObject({ state: "failed", error: { code: "LAUNCH_TIMED_OUT" } });
    });

    test("a run that the engine no longer knows is lost after a few polls, not at the first", async () => {
      const remote = createRemoteEngine();
      const here = world.createProcess({ engine: remote.engine });
      const { id } = await trigger();
      await ticks.pick(here, notAborted);
      remote.runs.clear();
      await ticks.poll(here, notAborted);
      await ticks.poll(here, notAborted);
      expect((await find(id)).state).toBe("running");
      await ticks.poll(here, notAborted);
      expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    });
  });
});

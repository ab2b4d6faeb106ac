import { sql } from "kysely";
import { expect } from "vitest";
import { launchAll } from "../../src/scheduler/launch/launch.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { expireOtherLeases } from "../../src/scheduler/renew/leases.ts";
import { tick } from "../../src/scheduler/tick.ts";
import type { Session } from "../../src/sessions/model.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  async function trigger(fields: Record<string, unknown> = {}): Promise<Session> {
    const schedule = await world.api.schedules.create(toCreate(fields), change);
    return world.api.sessions.trigger(schedule.id, change);
  }

  const find = (id: string) => world.api.sessions.find(id);

  return { trigger, find };
}

/** A process dies by omission: the test does not call its next step. For example `pick` without `launchAll`. */
describeOnDatabases("after a process died", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("between claim and launch, its session runs once, in another process", async ({
    world,
    steps: { trigger, find },
  }) => {
    const { id } = await trigger();
    const dying = world.createProcess({ leaseSeconds: 0 });
    expect((await pick(dying)).claims).toHaveLength(1);
    expect(await tick("sweep", world.needs, notAborted)).toEqual({
      requeued: 1,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
      mended: 0,
      unusable: 0,
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

  test("between claim and launch, its session is canceled and not picked again if its schedule was deleted", async ({
    world,
    steps: { trigger, find },
  }) => {
    const { id, schedule_id } = await trigger();
    const dying = world.createProcess({ leaseSeconds: 0 });
    await pick(dying);
    await world.api.schedules.remove(schedule_id, true, null, change);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ requeued: 0, canceled: 1 });
    expect(await find(id)).toMatchObject({ state: "canceled", error: { code: "SESSION_CANCELED" } });
    await dying.engine.close();
  });

  test("while its child process ran, its session fails with RUN_LOST when the lease has expired", async ({
    world,
    steps: { trigger, find },
  }) => {
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
      mended: 0,
      unusable: 0,
    });
    expect(await find(id)).toMatchObject({ state: "failed", error: { code: "RUN_LOST" } });
    // If the process is alive after all, its next poll finds that it lost the session, and ends the child process.
    const before = await find(id);
    expect(await tick("poll", dying, notAborted)).toEqual({ polled: 0, ended: 0, stopped: 0 });
    await world.runsEnded.until(1);
    await tick("poll", dying, notAborted);
    expect(dying.engine.held()).toEqual([]);
    expect(await find(id)).toEqual(before);
    expect(world.lines).toContainEqual(expect.objectContaining({ code: "SESSION_LOCK_LOST", session_id: id }));
  });

  test("between the launch of a child process and the record of its run, its session fails with RUN_LOST", async ({
    world,
    steps: { trigger, find },
  }) => {
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

  test("sessions of other processes keep their leases until they expire", async ({ world, steps: { trigger } }) => {
    await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    const other = world.createProcess();
    expect(await tick("sweep", other, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
      mended: 0,
      unusable: 0,
    });
    await other.engine.close();
  });

  test("a process that stalled for longer than its leases keeps its own runs", async ({
    world,
    steps: { trigger, find },
  }) => {
    const { id } = await trigger({ job: { name: "hang" } });
    await tick("pick", world.needs, notAborted);
    await sql`update ailbl_session set lease_expires_at = now() - interval '1 hour'`.execute(world.db);
    expect(await tick("sweep", world.needs, notAborted)).toEqual({
      requeued: 0,
      canceled: 0,
      adopted: 0,
      failed: 0,
      duplicates: 0,
      mended: 0,
      unusable: 0,
    });
    expect((await find(id)).state).toBe("running");
  });

  test("the only process of a database ends its sessions without waiting for the leases to expire", async ({
    world,
    steps: { trigger },
  }) => {
    await trigger({ job: { name: "hang" } });
    const dying = world.createProcess();
    await tick("pick", dying, notAborted);
    await expireOtherLeases(world.db, world.needs.lease.owner);
    expect(await tick("sweep", world.needs, notAborted)).toMatchObject({ failed: 1, duplicates: 0 });
    await dying.engine.close();
  });
});

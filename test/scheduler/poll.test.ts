import { sql } from "kysely";
import { expect, vi } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { patience } from "../support/time-limits.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  async function startHanging(policy: Record<string, unknown> = {}): Promise<string> {
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "hang" }, policy }), change);
    const { id } = await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    return id;
  }

  return { startHanging };
}

describeOnDatabases("poll", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("ends a run after max_runtime_seconds, and its session fails with MAX_RUNTIME_EXCEEDED", async ({
    world,
    steps: { startHanging },
  }) => {
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

  test("ends the run of a session that was asked to cancel, which is canceled when the run has ended", async ({
    world,
    steps: { startHanging },
  }) => {
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

  test("renews a lease that expires soon, and writes nothing before", async ({ world, steps: { startHanging } }) => {
    const id = await startHanging();
    const lease = async () => {
      const { rows } = await sql<{ at: string; xmin: string }>`
        select lease_expires_at::text as at, xmin::text from ailbl_session where id = ${id}`.execute(world.db);
      return rows[0];
    };
    await tick("poll", world.needs, notAborted);
    const fresh = await lease();
    await tick("poll", world.needs, notAborted);
    expect(await lease()).toEqual(fresh);
    await sql`update ailbl_session set lease_expires_at = now() + interval '20 seconds'`.execute(world.db);
    const short = await lease();
    await tick("poll", world.needs, notAborted);
    expect((await lease())?.at.localeCompare(short?.at ?? "")).toBe(1);
  });

  test("counts ended sessions by their state", async ({ world, steps: { startHanging } }) => {
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

import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { listSessionsSchema } from "../../src/sessions/model.ts";
import { firstPage } from "../support/first-page.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  async function findOnlySession(scheduleId: string) {
    const { rows } = await world.api.sessions.list(listSessionsSchema.parse({ schedule_id: [scheduleId] }), firstPage);
    expect(rows).toHaveLength(1);
    return world.api.sessions.find(rows[0]?.id ?? "");
  }

  return { findOnlySession };
}

describeOnDatabases("the life of a session", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("scan, pick, launch and poll run a slot to its end, with its result and history", async ({
    world,
    steps: { findOnlySession },
  }) => {
    const schedule = await world.api.schedules.create(toCreate(), change);
    expect(schedule.next_due_at).toBe("2026-11-23T10:01:00.000Z");
    world.clock.set("2026-11-23T10:01:02.000Z");
    expect(await tick("scan", world.needs, notAborted)).toMatchObject({ schedules: 1, sessions: 1, skipped: 0 });
    expect(await findOnlySession(schedule.id)).toMatchObject({
      state: "pending",
      run: null,
      slot: "2026-11-23T10:01:00.000Z",
    });
    expect(await tick("pick", world.needs, notAborted)).toEqual({ claimed: 1, skipped: 0, queued: 0, launched: 1 });
    await world.runsEnded.until(1);
    expect(await tick("poll", world.needs, notAborted)).toMatchObject({ polled: 1, ended: 1 });
    const session = await findOnlySession(schedule.id);
    expect(session).toMatchObject({
      state: "succeeded",
      error: null,
      data_interval: { start: "2026-11-23T10:00:00.000Z", end: "2026-11-23T10:01:00.000Z" },
      run: { engine: "local", status: "succeeded", result: { answer: 42 }, config: {}, output: '{"answer":42}\n' },
    });
    expect(session.history.map(({ to, cause }) => [to, cause])).toEqual([
      ["pending", "slot"],
      ["claimed", "picked"],
      ["running", "launched"],
      ["succeeded", "run_ended"],
    ]);
    const { stats } = await world.api.schedules
      .find(schedule.id)
      .then((row) => ({ stats: [row.sessions, row.succeeded, row.failed] }));
    expect(stats).toEqual([1, 1, 0]);
  });

  test("a job that fails ends its session with an error code and message, and counts as a failure of its schedule", async ({
    world,
    steps: { findOnlySession },
  }) => {
    const schedule = await world.api.schedules.create(toCreate({ job: { name: "fail" } }), change);
    await world.api.sessions.trigger(schedule.id, change);
    await tick("pick", world.needs, notAborted);
    await world.runsEnded.until(1);
    await tick("poll", world.needs, notAborted);
    const session = await findOnlySession(schedule.id);
    expect(session).toMatchObject({
      state: "failed",
      cause: "manual",
      error: { code: "JOB_FAILED", message: "The job fail ended with exit code 3", step: null },
      run: { output: "no such thing\n" },
    });
    expect(session.explanation.next_step).not.toBeNull();
    const row = await world.api.schedules.find(schedule.id);
    expect([row.failed, row.consecutive_failures, row.last_error?.code]).toEqual([1, 1, "JOB_FAILED"]);
  });
});

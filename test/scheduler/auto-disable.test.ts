import { sql } from "kysely";
import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  const create = async (fields: Record<string, unknown>) =>
    (await world.api.schedules.create(toCreate(fields), change)).id;
  const find = (id: string) => world.api.schedules.find(id);
  const turn = () => tick("auto-disable", world.needs, notAborted);
  const fail = (id: string, failures: number) =>
    sql`update ailbl_schedule_stats set consecutive_failures = ${failures},
      last_error = '{"code": "RUN_FAILED", "message": "the disk is full", "step": null, "fingerprint": "x"}'
      where schedule_id = ${id}`.execute(world.db);
  const listEvents = async (id: string) =>
    (
      await sql<{ type: string; data: unknown }>`select type, data from eom_event where object_id = ${id}`.execute(
        world.db,
      )
    ).rows;

  return { create, find, turn, fail, listEvents };
}

describeOnDatabases("auto-disable", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("disables a schedule once after max_consecutive_failures, with the reason; enabling it resets the count", async ({
    world,
    steps: { create, find, turn, fail, listEvents },
  }) => {
    const id = await create({ policy: { max_consecutive_failures: 3 } });
    await fail(id, 2);
    expect(await turn()).toEqual({ over: 0, failing: 0 });
    await fail(id, 3);
    expect(await turn()).toEqual({ over: 0, failing: 1 });
    expect(await turn()).toEqual({ over: 0, failing: 0 });
    expect(await find(id)).toMatchObject({
      enable: false,
      next_due_at: null,
      disabled: { reason: "failing", note: "3 failures in a row: the disk is full", by: "scheduler" },
    });
    expect(await listEvents(id)).toMatchObject([
      { type: "schedule.auto_disabled", data: { schedule_id: id, reason: "failing" } },
    ]);
    const enabled = await world.api.schedules.setEnabled(id, true, null, change);
    expect(enabled).toMatchObject({ enable: true, disabled: null, stats: { consecutive_failures: 0 } });
    expect(await turn()).toEqual({ over: 0, failing: 0 });
  });

  test("leaves a schedule without max_consecutive_failures enabled", async ({
    steps: { create, find, turn, fail },
  }) => {
    const id = await create({});
    await fail(id, 999);
    expect(await turn()).toEqual({ over: 0, failing: 0 });
    expect((await find(id)).enable).toBe(true);
  });

  test("disables a schedule after its last slot, and the session of that slot still runs", async ({
    world,
    steps: { create, find, turn },
  }) => {
    const id = await create({ active: { end_date: "2026-11-23", end_time: "10:02" } });
    world.clock.advance(61);
    await tick("scan", world.needs, notAborted);
    expect(await turn()).toEqual({ over: 1, failing: 0 });
    expect(await find(id)).toMatchObject({ enable: false, disabled: { reason: "over", by: "scheduler" } });
    const { rows } = await sql<{ state: string }>`select state from ailbl_session`.execute(world.db);
    expect(rows).toEqual([{ state: "pending" }]);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ launched: 1 });
  });
});

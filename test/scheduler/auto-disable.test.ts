import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";
import { change, createWorld, toCreate, type World } from "./world.ts";

const notAborted = new AbortController().signal;

describe.each(databaseKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let world: World;
  beforeEach(async () => {
    database = await createTestDatabase(kind);
    world = createWorld({ db: database.db });
  });
  afterEach(async () => {
    await world.close();
    await database.close();
  });

  const create = async (fields: Record<string, unknown>) =>
    (await world.api.schedules.create(toCreate(fields), change)).id;
  const find = (id: string) => world.api.schedules.find(id);
  const turn = () => tick("auto-disable", world.needs, notAborted);
  const fail = (id: string, failures: number) =>
    sql`update ailbl_schedule_stats set consecutive_failures = ${failures},
      last_error = '{"code": "RUN_FAILED", "message": "the disk is full", "step": null, "fingerprint": "x"}'
      where schedule_id = ${id}`.execute(database.db);
  const listEvents = async () =>
    (await sql<{ type: string; data: unknown }>`select type, data from eom_event`.execute(database.db)).rows;

  test("a schedule that fails as often as its policy bears is disabled once, with the reason, and undone by one call", async () => {
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
    expect(await listEvents()).toMatchObject([
      { type: "schedule.auto_disabled", data: { schedule_id: id, reason: "failing" } },
    ]);
    const enabled = await world.api.schedules.setEnabled(id, true, null, change);
    expect(enabled).toMatchObject({ enable: true, disabled: null, stats: { consecutive_failures: 0 } });
    expect(await turn()).toEqual({ over: 0, failing: 0 });
  });

  test("failures without a policy disable nothing", async () => {
    const id = await create({});
    await fail(id, 999);
    expect(await turn()).toEqual({ over: 0, failing: 0 });
    expect((await find(id)).enable).toBe(true);
  });

  test("a schedule whose last instant has come is over, and that instant's session still runs", async () => {
    const id = await create({ active: { end_date: "2026-11-23", end_time: "10:02" } });
    world.clock.advance(61);
    await tick("scan", world.needs, notAborted);
    expect(await turn()).toEqual({ over: 1, failing: 0 });
    expect(await find(id)).toMatchObject({ enable: false, disabled: { reason: "over", by: "scheduler" } });
    const { rows } = await sql<{ state: string }>`select state from ailbl_session`.execute(database.db);
    expect(rows).toEqual([{ state: "pending" }]);
    expect(await tick("pick", world.needs, notAborted)).toMatchObject({ launched: 1 });
  });
});

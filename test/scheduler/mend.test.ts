import { sql } from "kysely";
import { expect } from "vitest";
import { tick } from "../../src/scheduler/tick.ts";
import { updateScheduleSchema } from "../../src/schedules/model.ts";
import { toSchedule } from "../../src/schedules/representation.ts";
import { timelineQuerySchema } from "../../src/timeline/model.ts";
import { firstPage } from "../support/first-page.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  const create = async (fields: Record<string, unknown> = {}) =>
    (await world.api.schedules.create(toCreate(fields), change)).id;
  const find = async (id: string) => toSchedule(await world.api.schedules.find(id));
  const turn = (name: "scan" | "sweep" | "auto-disable") => tick(name, world.needs, notAborted);
  const setDue = (id: string, at: string) =>
    sql`update ailbl_schedule set next_due_at = ${at}::text::timestamptz where id = ${id}`.execute(world.db);
  const setZone = (id: string, zone: string) =>
    sql`update ailbl_schedule set trigger = trigger || jsonb_build_object('time_zone', ${zone}::text)
      where id = ${id}`.execute(world.db);
  const listSlots = async (id: string) => {
    const { rows } = await sql<{ slot: Date }>`
      select slot from ailbl_session where schedule_id = ${id} order by slot`.execute(world.db);
    return rows.map(({ slot }) => slot.toISOString());
  };
  return { create, find, turn, setDue, setZone, listSlots };
}

/** The world's clock starts at 2026-11-23T10:00:00Z. */
describeOnDatabases("mend", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test.for(["2037-11-06T10:01:00Z", "infinity", "2026-11-23T10:07:31Z"])(
    "moves next_due_at from %s to the next instant, and the schedule fires again",
    async (wrong, { world, steps: { create, find, turn, setDue, listSlots } }) => {
      const id = await create();
      await setDue(id, wrong);
      world.clock.advance(30);
      expect(await turn("sweep")).toMatchObject({ mended: 1, unusable: 0 });
      expect(await find(id)).toMatchObject({ state: "ok", next_due_at: "2026-11-23T10:01:00.000Z" });
      expect(await turn("sweep")).toMatchObject({ mended: 0 });
      expect(world.lines).toContainEqual(expect.objectContaining({ schedule_id: id, level: "warn" }));
      world.clock.advance(31);
      await turn("scan");
      expect(await listSlots(id)).toEqual(["2026-11-23T10:01:00.000Z"]);
    },
  );

  test("waits, as scan and auto-disable do, while the machine's clock is off", async ({
    world,
    steps: { create, find, setDue, listSlots },
  }) => {
    const [late, due] = [await create(), await create({ active: { end_date: "2026-11-23" } })];
    await setDue(late, "2037-11-06T10:01:00Z");
    world.clock.set("2026-11-24T10:00:00.000Z");
    const off = { ...world.needs, clockGuard: { isRight: async () => false } };
    for (const name of ["scan", "auto-disable", "sweep"] as const) await tick(name, off, notAborted);
    expect(await find(late)).toMatchObject({ next_due_at: "2037-11-06T10:01:00.000Z" });
    expect(await find(due)).toMatchObject({ enable: true, next_due_at: "2026-11-23T10:01:00.000Z" });
    expect(await listSlots(due)).toEqual([]);
  });

  test("opens no slot twice after scans by a clock that was ahead", async ({
    world,
    steps: { create, turn, listSlots },
  }) => {
    const id = await create({ policy: { misfire: "all", catch_up_seconds: 3600 } });
    world.clock.set("2026-11-23T10:05:01.000Z");
    await turn("scan");
    world.clock.set("2026-11-23T10:02:01.000Z");
    expect(await turn("sweep")).toMatchObject({ mended: 1 });
    world.clock.set("2026-11-23T10:07:01.000Z");
    await turn("scan");
    expect(await listSlots(id)).toEqual([1, 2, 3, 4, 5, 6, 7].map((minute) => `2026-11-23T10:0${minute}:00.000Z`));
  });

  test("lets the misfire policy decide about instants that new rules of a zone put before now", async ({
    world,
    steps: { create, turn, setDue, listSlots },
  }) => {
    const trigger = { type: "cron", expression: "0 11 * * *", time_zone: "Europe/Berlin" };
    const id = await create({ trigger, policy: { misfire: "latest" } });
    world.clock.set("2026-11-24T10:00:01.000Z");
    await turn("scan");
    // As if the old rules had put the zone an hour further west.
    await setDue(id, "2026-11-25T11:00:00Z");
    world.clock.set("2026-11-25T10:30:00.000Z");
    expect(await turn("sweep")).toMatchObject({ mended: 1 });
    await turn("scan");
    expect(await listSlots(id)).toEqual(["2026-11-24T10:00:00.000Z", "2026-11-25T10:00:00.000Z"]);
  });

  test("enables a schedule that was disabled as over by a clock that was ahead", async ({
    world,
    steps: { create, find, turn },
  }) => {
    const id = await create({ active: { end_date: "2027-12-31" } });
    world.clock.set("2037-11-06T10:00:00.000Z");
    await turn("scan");
    await turn("auto-disable");
    expect(await find(id)).toMatchObject({ state: "over" });
    world.clock.set("2026-11-23T10:00:30.000Z");
    expect(await turn("sweep")).toMatchObject({ mended: 1 });
    expect(await find(id)).toMatchObject({ state: "ok", next_due_at: "2026-11-23T10:01:00.000Z" });
  });

  test("leaves right watermarks, schedules that are over, and schedules that a person disabled or edited", async ({
    world,
    steps: { create, find, turn },
  }) => {
    const ids = [
      await create(),
      await create({ trigger: { type: "cron", expression: "* * * * * *", time_zone: "UTC" } }),
      await create({ enable: false }),
      await create({ policy: { max_sessions: 1 } }),
      await create({ active: { end_date: "2026-11-23" } }),
      await create({
        trigger: { type: "cron", expression: "30 2 29 3 *", time_zone: "Europe/Berlin" },
        policy: { dst_gap: "skip" },
      }),
    ];
    const edited = await create({ active: { end_date: "2026-11-23" } });
    world.clock.set("2026-11-24T10:00:00.000Z");
    for (const name of ["scan", "auto-disable"] as const) await turn(name);
    world.clock.advance(60);
    const update = updateScheduleSchema.parse({ active: { end_date: "2027-11-23" } });
    await world.api.schedules.update(edited, update, null, change);
    const before = await Promise.all([...ids, edited].map(find));
    expect(await turn("sweep")).toMatchObject({ mended: 0, unusable: 0 });
    expect(await Promise.all([...ids, edited].map(find))).toEqual(before);
  });

  test("makes a schedule failing whose zone this version does not know, until it is known again", async ({
    world,
    steps: { create, find, turn, setZone },
  }) => {
    const id = await create();
    await setZone(id, "Europe/Nowhere");
    for (const minute of [1, 2]) {
      world.clock.set(`2026-11-23T10:0${minute}:01.000Z`);
      await turn("scan");
      expect(await turn("sweep")).toMatchObject({ mended: 0, unusable: 1 });
    }
    expect(await find(id)).toMatchObject({
      state: "failing",
      stats: {
        consecutive_failures: 1,
        last_error: { code: "TRIGGER_UNUSABLE", message: expect.stringContaining("'Europe/Nowhere'") },
      },
    });
    await setZone(id, "Europe/Berlin");
    await turn("sweep");
    expect(await find(id)).toMatchObject({ state: "ok", stats: { consecutive_failures: 0, last_error: null } });
  });

  test("leaves a schedule in an unknown zone readable, and editable out of it", async ({
    world,
    steps: { create, find, setZone },
  }) => {
    const id = await create();
    await setZone(id, "Europe/Nowhere");
    world.clock.advance(90);
    expect(await world.api.slots.list(id, 5)).toMatchObject({ next: [] });
    const query = timelineQuerySchema.parse({ from: "2026-11-23T00:00:00Z", to: "2026-11-24T00:00:00Z" });
    expect(await world.api.timeline.list(query, firstPage)).toMatchObject({ total: 1, rows: [{ entries: [] }] });
    await world.api.schedules.setEnabled(id, false, null, change);
    await expect(world.api.schedules.setEnabled(id, true, null, change)).rejects.toMatchObject({
      code: "VALIDATION_ERROR",
      details: { issues: [{ path: "/trigger/time_zone" }] },
    });
    const trigger = { type: "cron", expression: "* * * * *", time_zone: "Europe/Berlin" };
    await world.api.schedules.update(id, updateScheduleSchema.parse({ trigger }), null, change);
    await world.api.schedules.setEnabled(id, true, null, change);
    expect(await find(id)).toMatchObject({ next_due_at: "2026-11-23T10:02:00.000Z" });
  });
});

import { sql } from "kysely";
import { expect } from "vitest";
import { scan } from "../../src/scheduler/scan/scan.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  async function listSlots(scheduleId: string): Promise<string[]> {
    const { rows } = await sql<{ slot: Date }>`
      select slot from ailbl_session where schedule_id = ${scheduleId} order by slot`.execute(world.db);
    return rows.map(({ slot }) => slot.toISOString());
  }

  const listPast = async (id: string) => (await world.api.slots.list(id, 20)).past;

  return { listSlots, listPast };
}

describeOnDatabases("scan", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  test("opens one session per slot when scanners overlap", async ({ world }) => {
    const scanners = Array.from({ length: 4 }, () => world.createProcess({ batchSize: 7 }));
    const ids: string[] = [];
    for (let index = 0; index < 30; index += 1) ids.push((await world.api.schedules.create(toCreate(), change)).id);
    for (let minute = 0; minute < 5; minute += 1) {
      world.clock.advance(60);
      await Promise.all(scanners.map((scanner) => scan(scanner, notAborted)));
      // Schedules that each scanner skipped because another one had locked them.
      await scan(world.needs, notAborted);
    }
    const { rows } = await sql`
      select schedule_id, slot from ailbl_session group by schedule_id, slot having count(*) = 1`.execute(world.db);
    expect(rows).toHaveLength(30 * 5);
    const { rows: all } = await sql`select 1 from ailbl_session`.execute(world.db);
    expect(all).toHaveLength(30 * 5);
    const { rows: counted } = await sql`select 1 from ailbl_schedule_stats where sessions = 5`.execute(world.db);
    expect(counted).toHaveLength(30);
    await Promise.all(scanners.map(({ engine }) => engine.close()));
  });

  test("opens no second session for a slot when the schedule's next_due_at is still that slot", async ({
    world,
    steps: { listSlots },
  }) => {
    const { id } = await world.api.schedules.create(toCreate(), change);
    world.clock.set("2026-11-23T10:01:01.000Z");
    await scan(world.needs, notAborted);
    await sql`update ailbl_schedule set next_due_at = '2026-11-23T10:01:00Z' where id = ${id}`.execute(world.db);
    expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 1, sessions: 0 });
    expect(await listSlots(id)).toEqual(["2026-11-23T10:01:00.000Z"]);
  });

  test("records the slots missed while no scan ran, with their reason", async ({
    world,
    steps: { listSlots, listPast },
  }) => {
    const { id } = await world.api.schedules.create(toCreate({ policy: { catch_up_seconds: 120 } }), change);
    world.clock.set("2026-11-23T10:10:30.000Z");
    await scan(world.needs, notAborted);
    expect(await listSlots(id)).toEqual(["2026-11-23T10:10:00.000Z"]);
    expect(await listPast(id)).toEqual([
      { slot: "2026-11-23T10:10:00.000Z", session_id: expect.any(String), reason: null },
      { slot: "2026-11-23T10:09:00.000Z", session_id: null, reason: "misfire_policy" },
      { from: "2026-11-23T10:01:00.000Z", to: "2026-11-23T10:08:00.000Z", session_id: null, reason: "missed_window" },
    ]);
  });

  test("opens no session for the slots before an edit of the trigger, and records them as edited", async ({
    world,
    steps: { listPast },
  }) => {
    const { id } = await world.api.schedules.create(toCreate(), change);
    world.clock.set("2026-11-23T10:02:20.000Z");
    const trigger = { type: "cron" as const, expression: "*/2 * * * *", time_zone: "UTC" };
    const edited = await world.api.schedules.update(id, { trigger }, null, change);
    expect(edited.next_due_at).toBe("2026-11-23T10:04:00.000Z");
    expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 0, sessions: 0 });
    expect(await listPast(id)).toEqual([
      { from: "2026-11-23T10:01:00.000Z", to: "2026-11-23T10:02:00.000Z", session_id: null, reason: "edited" },
    ]);
  });

  test("an edit with an unchanged trigger moves no slot", async ({ world, steps: { listSlots } }) => {
    const { id, trigger } = await world.api.schedules.create(toCreate(), change);
    world.clock.set("2026-11-23T10:01:02.000Z");
    await world.api.schedules.update(id, { description: "new", trigger }, null, change);
    await scan(world.needs, notAborted);
    expect(await listSlots(id)).toEqual(["2026-11-23T10:01:00.000Z"]);
  });

  test("opens no session for the slots of a disabled schedule, also after it is enabled", async ({
    world,
    steps: { listPast },
  }) => {
    const { id } = await world.api.schedules.create(toCreate(), change);
    await world.api.schedules.setEnabled(id, false, "maintenance", change);
    world.clock.set("2026-11-23T10:05:30.000Z");
    expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 0 });
    const paused = {
      from: "2026-11-23T10:01:00.000Z",
      to: "2026-11-23T10:05:00.000Z",
      session_id: null,
      reason: "paused",
    };
    expect(await world.api.slots.list(id, 20)).toEqual({ next: [], past: [paused] });
    const enabled = await world.api.schedules.setEnabled(id, true, null, change);
    expect(enabled).toMatchObject({ next_due_at: "2026-11-23T10:06:00.000Z", disabled: null });
    expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 0 });
    expect(await listPast(id)).toEqual([paused]);
  });

  test("disabling a schedule skips its pending slots and keeps its manual sessions", async ({ world }) => {
    const { id } = await world.api.schedules.create(toCreate(), change);
    world.clock.set("2026-11-23T10:01:02.000Z");
    await scan(world.needs, notAborted);
    await world.api.sessions.trigger(id, change);
    const disabled = await world.api.schedules.setEnabled(id, false, "maintenance", change);
    expect(disabled.disabled).toEqual({
      reason: "manual",
      note: "maintenance",
      by: "ada",
      at: "2026-11-23T10:01:02.000Z",
    });
    const { rows } = await sql`select cause, state, reason from ailbl_session order by cause`.execute(world.db);
    expect(rows).toEqual([
      { cause: "manual", state: "pending", reason: null },
      { cause: "slot", state: "skipped", reason: "paused" },
    ]);
  });

  test("scans the other schedules when one cannot be planned", async ({ world, steps: { listSlots } }) => {
    const broken = await world.api.schedules.create(toCreate(), change);
    const fine = await world.api.schedules.create(toCreate(), change);
    await sql`update ailbl_schedule set trigger = jsonb_set(trigger, '{time_zone}', '"Mars/Olympus"') where id = ${broken.id}`.execute(
      world.db,
    );
    world.clock.set("2026-11-23T10:01:02.000Z");
    expect(await scan({ ...world.needs, scan: { batchSize: 2, punctualSeconds: 10 } }, notAborted)).toMatchObject({
      sessions: 1,
    });
    expect(await listSlots(fine.id)).toHaveLength(1);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ schedule_id: broken.id, msg: "schedule cannot be scanned" }),
    );
  });
});

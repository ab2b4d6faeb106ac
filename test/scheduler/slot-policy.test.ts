import { sql } from "kysely";
import { describe, expect } from "vitest";
import { autoDisable } from "../../src/scheduler/auto-disable.ts";
import { pick } from "../../src/scheduler/pick/pick.ts";
import { scan } from "../../src/scheduler/scan/scan.ts";
import { describeOnDatabases } from "./fixtures.ts";
import { change, notAborted, toCreate, type World } from "./world.ts";

function createSteps(world: World) {
  const create = async (fields: Record<string, unknown>) =>
    (await world.api.schedules.create(toCreate(fields), change)).id;
  const listPast = async (id: string) => (await world.api.slots.list(id, 20)).past;

  async function listSlots(id: string): Promise<string[]> {
    const { rows } = await sql<{ slot: Date }>`
      select slot from ailbl_session where schedule_id = ${id} and cause = 'slot' order by slot`.execute(world.db);
    return rows.map(({ slot }) => slot.toISOString().slice(11, 16));
  }

  async function scanAt(time: string): Promise<void> {
    world.clock.set(`2026-11-23T${time}.000Z`);
    await scan(world.needs, notAborted);
  }

  return { create, listPast, listSlots, scanAt };
}

describeOnDatabases("slot policies", (worldTest) => {
  const test = worldTest.extend<{ readonly steps: ReturnType<typeof createSteps> }>({
    steps: async ({ world }, use) => use(createSteps(world)),
  });

  describe("max_sessions", () => {
    test("is exact when scanners overlap, and manual sessions do not count", async ({
      world,
      steps: { create, listPast, listSlots },
    }) => {
      const scanners = Array.from({ length: 4 }, () => world.createProcess({ batchSize: 3 }));
      const policy = { max_sessions: 3, misfire: "all" };
      const ids: string[] = [];
      for (let index = 0; index < 8; index += 1) ids.push(await create({ policy }));
      for (let turn = 0; turn < 4; turn += 1) {
        world.clock.advance(120);
        await world.api.sessions.trigger(ids[0] ?? "", change);
        await Promise.all(scanners.map((scanner) => scan(scanner, notAborted)));
        await scan(world.needs, notAborted);
      }
      for (const id of ids) {
        expect(await listSlots(id)).toEqual(["10:01", "10:02", "10:03"]);
        expect(await listPast(id)).toContainEqual(
          expect.objectContaining({ slot: "2026-11-23T10:04:00.000Z", session_id: null, reason: "max_sessions" }),
        );
      }
      await Promise.all(scanners.map(({ engine }) => engine.close()));
    });

    test("disables the schedule when it is used up; a higher limit and enabling make it due from now on", async ({
      world,
      steps: { create, listSlots, scanAt },
    }) => {
      const id = await create({ policy: { max_sessions: 2 } });
      await scanAt("10:01:01");
      await scanAt("10:02:01");
      expect(await autoDisable(world.needs, notAborted)).toMatchObject({ over: 1 });
      expect((await world.api.schedules.find(id)).disabled).toMatchObject({
        reason: "over",
        note: "max_sessions is used up: 2 of 2",
      });
      await scanAt("10:05:30");
      await world.api.schedules.update(id, { policy: { max_sessions: 3 }, enable: true }, null, change);
      expect((await world.api.schedules.find(id)).next_due_at?.toISOString()).toBe("2026-11-23T10:06:00.000Z");
      await scanAt("10:06:00");
      await scanAt("10:07:00");
      expect(await listSlots(id)).toEqual(["10:01", "10:02", "10:06"]);
    });

    test("makes the schedule due again when it is raised before the schedule is disabled", async ({
      world,
      steps: { create, listSlots, scanAt },
    }) => {
      const id = await create({ policy: { max_sessions: 1 } });
      await scanAt("10:01:01");
      await world.api.schedules.update(id, { policy: { max_sessions: 2 } }, null, change);
      expect(await autoDisable(world.needs, notAborted)).toMatchObject({ over: 0 });
      await scanAt("10:02:01");
      expect(await listSlots(id)).toEqual(["10:01", "10:02"]);
    });

    test("runs no further slot after it is lowered below the sessions already run, and records the reason", async ({
      world,
      steps: { create, listPast, listSlots, scanAt },
    }) => {
      const id = await create({});
      for (const time of ["10:01:01", "10:02:01"]) await scanAt(time);
      await world.api.schedules.update(id, { policy: { max_sessions: 1 } }, null, change);
      await scanAt("10:03:01");
      expect(await listSlots(id)).toEqual(["10:01", "10:02"]);
      expect((await listPast(id))[0]).toEqual({
        slot: "2026-11-23T10:03:00.000Z",
        session_id: null,
        reason: "max_sessions",
      });
      expect(await autoDisable(world.needs, notAborted)).toMatchObject({ over: 1 });
    });

    test("counts a slot once when it is scanned twice", async ({
      world,
      steps: { create, listPast, listSlots, scanAt },
    }) => {
      const id = await create({ policy: { max_sessions: 2, misfire: "all" } });
      await scanAt("10:01:01");
      await sql`update ailbl_schedule set next_due_at = '2026-11-23T10:01:00Z' where id = ${id}`.execute(world.db);
      await scanAt("10:03:01");
      await scanAt("10:03:02");
      expect(await listSlots(id)).toEqual(["10:01", "10:02"]);
      expect(await listPast(id)).toContainEqual(expect.objectContaining({ reason: "max_sessions" }));
    });
  });

  describe("spread_seconds", () => {
    test("delays the start but not the slot, and does not delay manual sessions", async ({
      world,
      steps: { create, scanAt },
    }) => {
      const trigger = { type: "cron", expression: "0 * * * *", time_zone: "UTC" };
      const id = await create({ trigger, policy: { spread_seconds: 1800 } });
      await scanAt("11:00:01");
      const manual = await world.api.sessions.trigger(id, change);
      const { rows } = await sql<{ cause: string; slot: Date; run_after: Date }>`
        select cause, slot, run_after from ailbl_session order by cause desc`.execute(world.db);
      const [slot, byHand] = rows;
      expect(byHand?.run_after).toEqual(byHand?.slot);
      expect(slot?.slot.toISOString()).toBe("2026-11-23T11:00:00.000Z");
      const later = (slot?.run_after.getTime() ?? 0) - (slot?.slot.getTime() ?? 0);
      expect(later).toBeGreaterThan(0);
      expect(later).toBeLessThanOrEqual(1_800_000);
      expect((await world.api.schedules.find(id)).next_due_at?.toISOString()).toBe("2026-11-23T12:00:00.000Z");
      await world.api.sessions.cancel(manual.id, change);
      world.clock.set(new Date(Date.parse("2026-11-23T11:00:00.000Z") + later - 1).toISOString());
      expect((await pick(world.needs)).claims).toHaveLength(0);
      world.clock.advance(1);
      expect((await pick(world.needs)).claims).toHaveLength(1);
    });

    test("counts from the slot, so that a missed slot starts at once when its delay is over", async ({
      world,
      steps: { create, scanAt },
    }) => {
      await create({
        trigger: { type: "cron", expression: "0 * * * *", time_zone: "UTC" },
        policy: { spread_seconds: 600 },
      });
      await scanAt("11:20:00");
      expect((await pick(world.needs)).claims).toHaveLength(1);
    });
  });

  describe("dst_gap: skip", () => {
    const trigger = { type: "cron", expression: "30 2 * * *", time_zone: "Europe/Berlin" };

    test("records the skipped instant when a scan passes it, and opens no session", async ({
      world,
      steps: { create, listPast },
    }) => {
      world.clock.set("2027-03-27T12:00:00.000Z");
      const id = await create({ trigger, policy: { dst_gap: "skip" } });
      expect((await world.api.slots.list(id, 2)).next).toEqual([
        { slot: "2027-03-29T00:30:00.000Z" },
        { slot: "2027-03-30T00:30:00.000Z" },
      ]);
      world.clock.set("2027-03-28T01:00:02.000Z");
      expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 1, sessions: 0, skipped: 1 });
      expect(await listPast(id)).toEqual([{ slot: "2027-03-28T01:00:00.000Z", session_id: null, reason: "dst_gap" }]);
      expect((await world.api.schedules.find(id)).next_due_at?.toISOString()).toBe("2027-03-29T00:30:00.000Z");
    });

    test("applies from the next instant when a schedule is edited, as an edit of the trigger does", async ({
      world,
      steps: { create, listPast },
    }) => {
      world.clock.set("2027-03-27T12:00:00.000Z");
      const id = await create({ trigger });
      world.clock.set("2027-03-28T01:00:02.000Z");
      await world.api.schedules.update(id, { policy: { dst_gap: "skip" } }, null, change);
      expect(await scan(world.needs, notAborted)).toMatchObject({ schedules: 0 });
      expect(await listPast(id)).toEqual([{ slot: "2027-03-28T01:00:00.000Z", session_id: null, reason: "edited" }]);
    });

    test("is applied by a preview, which returns the policy with its defaults", ({ world }) => {
      const { next, policy } = world.api.slots.preview({
        trigger: { type: "cron", expression: "30 2 * * *", time_zone: "Europe/Berlin" },
        active: null,
        policy: { dst_gap: "skip", dst_overlap: "both" },
        from: new Date("2026-10-24T12:00:00Z"),
        count: 2,
      });
      expect(next).toEqual([{ slot: "2026-10-25T00:30:00.000Z" }, { slot: "2026-10-25T01:30:00.000Z" }]);
      expect(policy).toMatchObject({ dst_gap: "skip", dst_overlap: "both", misfire: "latest" });
    });
  });
});

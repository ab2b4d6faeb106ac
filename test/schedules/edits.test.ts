import { sql } from "kysely";
import { describe, expect } from "vitest";
import { scan } from "../../src/scheduler/scan/scan.ts";
import type { UpdateSchedule } from "../../src/schedules/model.ts";
import { createSchedulerTest } from "../scheduler/fixtures.ts";
import { change, notAborted, toCreate, type World } from "../scheduler/world.ts";

const firstSlot = Date.parse("2026-11-23T10:01:00.000Z");
const slots = [firstSlot, firstSlot + 60_000];
const offsets = [-3, -2, -1, 0, 1, 2, 3];

type Action = "edit" | "dst" | "disable" | "enable";

/** Edits of one schedule, each at a second relative to its slot, before or after the scan of that second. */
interface EditCase {
  readonly steps: readonly { readonly action: Action; readonly offset: number }[];
  readonly isBeforeScan: boolean;
}

function listCases(): EditCase[] {
  const steps = offsets.flatMap((offset) => [
    [{ action: "edit" as const, offset }],
    [{ action: "dst" as const, offset }],
    ...offsets
      .filter((later) => later === offset || later === offset + 1 || later === 3)
      .map((later) => [
        { action: "disable" as const, offset },
        { action: "enable" as const, offset: later },
      ]),
  ]);
  return steps.flatMap((of) => [true, false].map((isBeforeScan) => ({ steps: of, isBeforeScan })));
}

const edits: Readonly<Record<"edit" | "dst", UpdateSchedule>> = {
  edit: { trigger: { type: "cron", expression: "0-59 * * * *", time_zone: "UTC" } },
  dst: { policy: { dst_overlap: "second" } },
};

const test = createSchedulerTest("postgres", () => ({ start: "2026-11-23T10:00:56.000Z" }));

describe("edits around a slot", () => {
  function act({ api }: World, id: string, action: Action) {
    if (action === "disable" || action === "enable")
      return api.schedules.setEnabled(id, action === "enable", null, change);
    return api.schedules.update(id, edits[action], null, change);
  }

  async function actAll(
    world: World,
    cases: readonly (EditCase & { id: string })[],
    offset: number,
    isBeforeScan: boolean,
  ) {
    for (const editCase of cases.filter((each) => each.isBeforeScan === isBeforeScan))
      for (const step of editCase.steps.filter((each) => each.offset === offset))
        await act(world, editCase.id, step.action);
  }

  test("at every second, before and after the scan: no slot runs twice or for the past, and none is missing from the report", async ({
    world,
  }) => {
    const cases: (EditCase & { id: string })[] = [];
    for (const editCase of listCases())
      cases.push({ ...editCase, id: (await world.api.schedules.create(toCreate(), change)).id });
    for (let offset = -3; offset <= 62; offset += 1) {
      if (offset > 4 && offset < 58) continue;
      world.clock.set(new Date(firstSlot + offset * 1000).toISOString());
      await actAll(world, cases, offset, true);
      await scan(world.needs, notAborted);
      await actAll(world, cases, offset, false);
    }
    for (const editCase of cases) await expectEverySlotReported(world, editCase);
  });

  async function expectEverySlotReported(world: World, { id, ...editCase }: EditCase & { id: string }): Promise<void> {
    const label = JSON.stringify(editCase);
    const { past } = await world.api.slots.list(id, 100);
    const reported = past.flatMap(({ slot, from = "", to = "" }) =>
      slot === undefined ? listMinutes(from, to) : [slot],
    );
    expect(reported.toSorted(), label).toEqual(slots.map((slot) => new Date(slot).toISOString()));
    const { rows } = await sql<{ slot: Date; created: Date }>`
      select slot, created from ailbl_session where schedule_id = ${id}`.execute(world.db);
    const lastStep = firstSlot + Math.max(...editCase.steps.map(({ offset }) => offset)) * 1000;
    for (const { slot, created } of rows) {
      expect(created >= slot, label).toBe(true);
      if (created.getTime() > lastStep) expect(slot.getTime(), label).toBeGreaterThan(lastStep);
    }
    expect(
      rows.map(({ slot }) => slot.getTime()),
      label,
    ).toContain(slots[1]);
  }
});

function listMinutes(from: string, to: string): string[] {
  const times: string[] = [];
  for (let time = Date.parse(from); time <= Date.parse(to); time += 60_000) times.push(new Date(time).toISOString());
  return times;
}

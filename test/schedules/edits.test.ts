import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scan } from "../../src/scheduler/scan/scan.ts";
import type { UpdateSchedule } from "../../src/schedules/model.ts";
import { change, createWorld, notAborted, toCreate, type World } from "../scheduler/world.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const firstSlot = Date.parse("2026-11-23T10:01:00.000Z");
const slots = [firstSlot, firstSlot + 60_000];
const offsets = [-3, -2, -1, 0, 1, 2, 3];

type Action = "edit" | "dst" | "disable" | "enable";

/** What is done to a schedule, at which second from its slot, and whether before that second's scan or after it. */
interface Story {
  readonly steps: readonly { readonly action: Action; readonly offset: number }[];
  readonly isBeforeScan: boolean;
}

function listStories(): Story[] {
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

describe("edits around a slot", () => {
  let database: TestDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createTestDatabase("postgres");
  });
  afterAll(() => database.close());
  beforeEach(() => {
    world = createWorld({ db: database.db, start: "2026-11-23T10:00:56.000Z" });
  });
  afterEach(async () => {
    await world.close();
    await sql`delete from ailbl_session`.execute(database.db);
    await sql`delete from ailbl_schedule`.execute(database.db);
  });

  function act(id: string, action: Action) {
    if (action === "disable" || action === "enable")
      return world.api.schedules.setEnabled(id, action === "enable", null, change);
    return world.api.schedules.update(id, edits[action], null, change);
  }

  async function actAll(stories: readonly (Story & { id: string })[], offset: number, isBeforeScan: boolean) {
    for (const story of stories.filter((each) => each.isBeforeScan === isBeforeScan))
      for (const step of story.steps.filter((each) => each.offset === offset)) await act(story.id, step.action);
  }

  test("at every second, before and after its scan: never twice, never for the past, and no slot untold", async () => {
    const stories: (Story & { id: string })[] = [];
    for (const story of listStories())
      stories.push({ ...story, id: (await world.api.schedules.create(toCreate(), change)).id });
    for (let offset = -3; offset <= 62; offset += 1) {
      if (offset > 4 && offset < 58) continue;
      world.clock.set(new Date(firstSlot + offset * 1000).toISOString());
      await actAll(stories, offset, true);
      await scan(world.needs, notAborted);
      await actAll(stories, offset, false);
    }
    for (const story of stories) await expectTold(story);
  });

  async function expectTold({ id, ...story }: Story & { id: string }): Promise<void> {
    const label = JSON.stringify(story);
    const { past } = await world.api.slots.list(id, 100);
    const told = past.flatMap((entry) => ("slot" in entry ? [entry.slot] : listMinutes(entry.from, entry.to)));
    expect(told.toSorted(), label).toEqual(slots.map((slot) => new Date(slot).toISOString()));
    const { rows } = await sql<{ slot: Date; created: Date }>`
      select slot, created from ailbl_session where schedule_id = ${id}`.execute(database.db);
    const lastStep = firstSlot + Math.max(...story.steps.map(({ offset }) => offset)) * 1000;
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

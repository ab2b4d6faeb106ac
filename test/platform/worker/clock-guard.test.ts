import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClockGuard } from "../../../src/platform/worker/clock-guard.ts";
import { findWrongClocks, reportClock } from "../../../src/platform/worker/clock-reports.ts";
import { createTestLog } from "../../scheduler/world.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../../support/database/database.ts";

const start = Date.parse("2026-11-30T12:00:00Z");
const second = (seconds: number) => new Date(start + seconds * 1000);

describe.each(databaseKinds)("the guard of the clock on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  test("reports a clock that is off to log, metric and table, once, and that it is right again", async () => {
    const { db } = database;
    const { log, lines } = createTestLog();
    const registry = new Registry();
    const machine = { ahead: 0, seconds: 0 };
    const now = () => second(machine.seconds);
    const clock = { now, reference: "a test", compare: async () => machine.ahead, close: async () => {} };
    const guard = createClockGuard({ db, clock, log, registry });
    const step = async (seconds: number, ahead: number) => {
      Object.assign(machine, { seconds, ahead });
      return guard.isRight();
    };

    expect(await step(0, 30)).toBe(true);
    expect(await findWrongClocks(db, now())).toEqual({ total: 0, items: [] });
    expect(await step(10, -30.1)).toBe(false);
    expect(await step(60, -30.1)).toBe(false);
    expect(await registry.metrics()).toContain("eom_clock_difference_seconds -30.1");
    expect(await findWrongClocks(db, now())).toMatchObject({
      total: 1,
      items: [{ why: expect.stringMatching(/^Its clock is 30\.1 s behind/), since: second(10) }],
    });
    expect(await step(70, 0)).toBe(true);
    expect(await findWrongClocks(db, now())).toEqual({ total: 0, items: [] });
    expect(lines.map(({ level }) => level)).toEqual(["error", "info"]);
  });

  test("leaves no report of a process that ended a minute ago", async () => {
    const { db } = database;
    await reportClock(db, { process: "gone/1", aheadSeconds: 3600, now: second(0) });
    expect(await findWrongClocks(db, second(59))).toMatchObject({ total: 1 });
    expect(await findWrongClocks(db, second(60))).toMatchObject({ total: 0 });
    await reportClock(db, { process: "gone/1", aheadSeconds: 3600, now: second(90) });
    expect(await findWrongClocks(db, second(90))).toMatchObject({ items: [{ since: second(90) }] });
  });
});

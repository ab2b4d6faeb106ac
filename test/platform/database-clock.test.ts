import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemMonotonic } from "../../src/platform/clock.ts";
import { createDatabaseClock } from "../../src/platform/database/database-clock.ts";
import type { Database } from "../../src/platform/database/tables.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase("postgres");
  db = database.db;
});
afterAll(() => database.close());

async function readTime(): Promise<number> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  return rows[0]?.now.getTime() ?? Number.NaN;
}

describe("the clock of a shared database", () => {
  const machine = { ahead: 0, monotonicAhead: 0 };
  const createClock = () =>
    createDatabaseClock({
      db,
      machine: { now: () => new Date(Date.now() + machine.ahead) },
      monotonic: () => systemMonotonic() + machine.monotonicAhead,
    });
  beforeEach(() => {
    machine.ahead = 0;
    machine.monotonicAhead = 0;
  });

  test.each([0, 3_600_000, -3_600_000])("is never ahead when the machine's clock is %d ms off", async (ahead) => {
    machine.ahead = ahead;
    const clock = createClock();
    for (let count = 0; count < 50; count += 1) {
      const before = await readTime();
      const seconds = await clock.compare();
      const time = clock.now().getTime();
      const after = await readTime();
      expect(time).toBeLessThanOrEqual(after);
      // Behind by the round trip of the comparison at most, which lies within these two.
      expect(time).toBeGreaterThanOrEqual(before - (after - before) - 1);
      expect(Math.abs(seconds - ahead / 1000)).toBeLessThanOrEqual((after - before + 2) / 1000);
    }
    await clock.close();
  });

  test("does not move when the machine's clock is set", async () => {
    const clock = createClock();
    await clock.compare();
    machine.ahead = 4000 * 86_400_000;
    expect(clock.now().getTime()).toBeLessThanOrEqual(await readTime());
    expect(await clock.compare()).toBeGreaterThan(3999 * 86_400);
    expect(clock.now().getTime()).toBeLessThanOrEqual(await readTime());
    machine.ahead = 0;
    expect(await clock.compare()).toBe(0);
    await clock.close();
  });

  test("is read again after ten seconds, by its next use", async () => {
    const clock = createClock();
    await clock.compare();
    const before = clock.now().getTime();
    // As after a suspension, but for the direction: the monotonic clock must not be believed for long.
    machine.monotonicAhead = 10_001;
    clock.now();
    await clock.close();
    expect(clock.now().getTime() - before).toBeLessThan(10_000);
  });
});

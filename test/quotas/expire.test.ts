import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toJsonb } from "../../src/platform/database/sql.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

/*
 * Periods start and end at local midnight, and in some zones a midnight comes twice or never.
 *
 * | midnight | example | PostgreSQL's `at time zone` | Temporal's `compatible` |
 * | --- | --- | --- | --- |
 * | comes twice | Havana in autumn | the second one (standard time) | the first one |
 * | never comes | Beirut, Santiago in spring | the moment of the change, the first of that day | the same |
 *
 * So the tests ask Temporal for the later of two midnights. Instants are from 2020 on: earlier oddities (Samoa left out
 * 30 December 2011; offsets that changed without daylight saving) are where the two databases of zones may differ.
 */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Havana",
  "America/Santiago",
  "Asia/Beirut",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "Africa/Cairo",
] as const;

const units = ["day", "week", "month", "year"] as const;
type Unit = (typeof units)[number];

const instant = fc
  .integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2026, 0, 1) })
  .map((at) => Temporal.Instant.fromEpochMilliseconds(at));
/** Up to two hours before or after a local midnight. */
const nearMidnight = fc
  .tuple(fc.integer({ min: 0, max: 2190 }), fc.constantFrom(...zones), fc.integer({ min: -7200, max: 7200 }))
  .map(([day, zone, seconds]) =>
    Temporal.PlainDate.from("2020-01-01").add({ days: day }).toZonedDateTime(zone).toInstant().add({ seconds }),
  );
const question = fc.record({
  at: fc.oneof(instant, nearMidnight),
  zone: fc.constantFrom(...zones),
  unit: fc.constantFrom(...units),
});
const added = fc.record({
  at: fc.oneof(
    instant,
    // Last days of months: adding months may reach a shorter one.
    fc
      .integer({ min: 0, max: 71 })
      .map((month) =>
        Temporal.PlainDate.from("2020-02-01")
          .add({ months: month })
          .subtract({ days: 1 })
          .toZonedDateTime("UTC")
          .toInstant(),
      ),
  ),
  amount: fc.integer({ min: 1, max: 3650 }),
  unit: fc.constantFrom(...units),
});

describe.each(databaseKinds)("rules of expiry on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  const ask = async (expire: object, at: Temporal.Instant) => {
    const { rows } = await sql<{ start: Date | null; end: Date | null; expiry: Date | null }>`
      select eom_period_start(expire, at) as start, eom_period_end(expire, at) as "end", eom_expires_at(expire, at) as expiry
      from (select ${toJsonb(expire)} as expire, ${at.toString()}::text::timestamptz as at) as asked`.execute(
      database.db,
    );
    const [row] = rows;
    const toInstant = (result: Date | null | undefined) => result?.toISOString() ?? null;
    return { start: toInstant(row?.start), end: toInstant(row?.end), expiry: toInstant(row?.expiry) };
  };

  test("a calendar period is the local one that contains the instant", async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ at, zone, unit }) => {
        const first = toFirstDay(at.toZonedDateTimeISO(zone).toPlainDate(), unit);
        const result = await ask({ type: "every", unit, time_zone: zone }, at);
        expect(result).toEqual({
          start: toMidnight(first, zone),
          end: toMidnight(first.add({ [`${unit}s`]: 1 }), zone),
          expiry: null,
        });
      }),
      { numRuns: 400 },
    );
  });

  test("an amount of calendar units is added in UTC, and is cut at the end of a shorter month", async () => {
    await fc.assert(
      fc.asyncProperty(added, async ({ at, amount, unit }) => {
        const expected = at.toZonedDateTimeISO("UTC").add({ [`${unit}s`]: amount });
        const result = await ask({ type: "after", amount, unit }, at);
        expect(result).toEqual({ start: null, end: null, expiry: toIso(expected.toInstant()) });
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["2024-01-31T12:00:00Z", 1, "month", "2024-02-29T12:00:00.000Z"],
    ["2025-01-31T12:00:00Z", 1, "month", "2025-02-28T12:00:00.000Z"],
    ["2024-02-29T00:00:00Z", 1, "year", "2025-02-28T00:00:00.000Z"],
    ["2026-03-31T23:59:59Z", 1, "month", "2026-04-30T23:59:59.000Z"],
    ["9999-12-31T00:00:00Z", 1, "day", "+010000-01-01T00:00:00.000Z"],
  ])("%s and %i %s is %s", async (at, amount, unit, expected) => {
    const result = await ask({ type: "after", amount, unit }, Temporal.Instant.from(at));
    expect(result.expiry).toBe(expected);
  });

  // Havana's clock went back from 01:00 to 00:00 on 7 November 2021: this midnight came twice. Beirut's went from 00:00 to
  // 01:00 on 28 March 2021: this midnight never came.
  test.each([
    ["2021-11-07T12:00:00Z", "America/Havana", "2021-11-07T05:00:00.000Z", "2021-11-08T05:00:00.000Z"],
    ["2021-03-28T12:00:00Z", "Asia/Beirut", "2021-03-27T22:00:00.000Z", "2021-03-28T21:00:00.000Z"],
  ])("the day around %s in %s is from %s to %s", async (at, time_zone, start, end) => {
    const result = await ask({ type: "every", unit: "day", time_zone }, Temporal.Instant.from(at));
    expect(result).toEqual({ start, end, expiry: null });
  });

  test("never has no expiry, and at expires at its instant", async () => {
    const at = Temporal.Instant.from("2026-01-01T00:00:00Z");
    expect(await ask({ type: "never" }, at)).toEqual({ start: null, end: null, expiry: null });
    const expiry = "2026-11-23T10:00:00.000Z";
    expect(await ask({ type: "at", at: expiry }, at)).toEqual({ start: null, end: null, expiry });
  });
});

function toFirstDay(date: Temporal.PlainDate, unit: Unit): Temporal.PlainDate {
  switch (unit) {
    case "day":
      return date;
    case "week":
      return date.subtract({ days: date.dayOfWeek - 1 });
    case "month":
      return date.with({ day: 1 });
    case "year":
      return date.with({ day: 1, month: 1 });
    default:
      return unit satisfies never;
  }
}

function toMidnight(date: Temporal.PlainDate, zone: string): string {
  const midnight = date.toPlainDateTime("00:00");
  const isTwice =
    midnight.toZonedDateTime(zone, { disambiguation: "earlier" }).toPlainTime().equals("00:00") &&
    midnight.toZonedDateTime(zone, { disambiguation: "later" }).toPlainTime().equals("00:00");
  return toIso(midnight.toZonedDateTime(zone, { disambiguation: isTwice ? "later" : "compatible" }).toInstant());
}

function toIso(instant: Temporal.Instant): string {
  return new Date(instant.epochMilliseconds).toISOString();
}

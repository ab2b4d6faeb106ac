import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planSlots } from "../../src/scheduler/scan/plan.ts";
import { defaultPolicy } from "../../src/schedules/policy.ts";
import { listNextInstants } from "../../src/timing/instants.ts";
import type { Active, Timing, Trigger } from "../../src/timing/model.ts";
import { parseTiming } from "../../src/timing/parse-timing.ts";
import { isIn, readMinutes } from "./cron-oracle.ts";
import { listPreviousInstants } from "./instants.ts";

const always: Active = { start_date: null, end_date: null, start_time: null, end_time: null, days_of_week: null };
const now = new Date("2026-11-23T10:00:00.000Z");

function toTiming(expression: string, active: Partial<Active>, time_zone = "UTC"): Timing {
  const trigger: Trigger = { type: "cron", expression, time_zone };
  return { trigger, active: { ...always, ...active }, policy: defaultPolicy };
}

function listNext(timing: Timing, from: string, count: number): string[] {
  return listNextInstants(timing, new Date(from), count).map((at) => at.toISOString().slice(0, 16));
}

describe("a window", () => {
  test("includes its start time and excludes its end time", () => {
    const timing = toTiming("0 * * * *", { start_time: "01:00", end_time: "03:00" });
    expect(listNext(timing, "2026-11-23T10:00:00Z", 3)).toEqual([
      "2026-11-24T01:00",
      "2026-11-24T02:00",
      "2026-11-25T01:00",
    ]);
  });

  test("may span midnight", () => {
    const timing = toTiming("0 */2 * * *", { start_time: "22:00", end_time: "02:00" });
    expect(listNext(timing, "2026-11-23T10:00:00Z", 3)).toEqual([
      "2026-11-23T22:00",
      "2026-11-24T00:00",
      "2026-11-24T22:00",
    ]);
  });

  test("includes both of its dates", () => {
    const timing = toTiming("0 12 * * *", { start_date: "2026-12-01", end_date: "2026-12-02" });
    expect(listNext(timing, "2026-11-23T10:00:00Z", 9)).toEqual(["2026-12-01T12:00", "2026-12-02T12:00"]);
    expect(listPreviousInstants(timing, new Date("2027-01-01T00:00:00Z"), 9)).toHaveLength(2);
  });

  test("goes by the wall clock of the zone", () => {
    const timing = toTiming("*/30 * * * *", { start_time: "02:00", end_time: "03:00" }, "Europe/Berlin");
    expect(listNext(timing, "2026-10-24T12:00:00Z", 4)).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
    ]);
    expect(listNext(timing, "2026-03-28T12:00:00Z", 1)).toEqual(["2026-03-30T00:00"]);
  });

  test("opens again when the clocks are set back into it, forwards and backwards", () => {
    const timing = toTiming("*/20 * * * *", { start_time: "01:00", end_time: "01:30" }, "America/New_York");
    const times = ["05:00", "05:20", "06:00", "06:20"].map((time) => `2026-11-01T${time}`);
    expect(listNext(timing, "2026-11-01T04:00:00Z", 4)).toEqual(times);
    const backwards = listPreviousInstants(timing, new Date("2026-11-01T12:00:00Z"), 4);
    expect(backwards.map((at) => at.toISOString().slice(0, 16)).toReversed()).toEqual(times);
  });

  test("that closed because the clocks were set back is found backwards", () => {
    const timing = toTiming("*/30 * * * *", { start_time: "01:30", end_time: "02:00" }, "America/New_York");
    const backwards = listPreviousInstants(timing, new Date("2026-11-01T12:00:00Z"), 2);
    expect(backwards.map((at) => at.toISOString().slice(0, 16))).toEqual(["2026-11-01T06:30", "2026-11-01T05:30"]);
  });

  test("is refused if it contains no instant, or is over", () => {
    for (const active of [{ start_time: "13:00" }, { end_date: "2026-11-22" }]) {
      expect(() => parseTiming(toTiming("0 12 * * *", active), now)).toThrow(
        "/active contains no instant of the trigger",
      );
    }
  });

  test("causes no missed slots: instants outside are in no stretch of their own", () => {
    const timing = toTiming("0 * * * *", { start_time: "01:00", end_time: "03:00" });
    const due = {
      ...timing,
      id: "a",
      policy: { ...defaultPolicy, misfire: "skip" as const },
      nextDueAt: new Date("2026-11-20T01:00:00Z"),
    };
    const plan = planSlots(due, now, 10);
    expect(plan.run).toEqual([]);
    expect(plan.skipped).toEqual([
      { first: new Date("2026-11-20T01:00:00Z"), last: new Date("2026-11-23T02:00:00Z"), reason: "missed_window" },
    ]);
    expect(plan.nextDueAt).toEqual(new Date("2026-11-24T01:00:00Z"));
  });

  test("has exactly the trigger's instants inside of it, forwards and backwards", () => {
    const date = fc
      .integer({ min: 0, max: 22 })
      .map((days) => Temporal.PlainDate.from("2026-03-20").add({ days }).toString());
    const time = fc.integer({ min: 0, max: 47 }).map((half) =>
      Temporal.PlainTime.from("00:00")
        .add({ minutes: 30 * half })
        .toString()
        .slice(0, 5),
    );
    const actives = fc.record({
      start_date: fc.option(date),
      end_date: fc.option(date),
      start_time: fc.option(time),
      end_time: fc.option(time),
      days_of_week: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 })),
    });
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo");
    const expressions = fc.constantFrom("*/30 * * * *", "0 * * * *", "30 2 * * *", "15 1,13 * * *");
    fc.assert(
      fc.property(actives, zones, expressions, (active, zone, expression) => {
        fc.pre(active.start_time === null || active.start_time !== active.end_time);
        const trigger: Trigger = { type: "cron", expression, time_zone: zone };
        const [from, to] = [new Date("2026-03-25T00:00:00Z"), new Date("2026-04-08T00:00:00Z")];
        const expected = listNextInstants({ trigger, active: null, policy: defaultPolicy }, from, 3000)
          .filter((at) => at < to && isIn(active, toWallMinute(at, zone)))
          .map((at) => at.toISOString());
        const forwards = listNextInstants({ trigger, active, policy: defaultPolicy }, from, expected.length + 1).filter(
          (at) => at < to,
        );
        expect(forwards.map((at) => at.toISOString())).toEqual(expected);
        const backwards = listPreviousInstants(
          { trigger, active, policy: defaultPolicy },
          to,
          expected.length + 1,
        ).filter((at) => at > from);
        expect(backwards.map((at) => at.toISOString())).toEqual(expected.toReversed());
      }),
      { numRuns: 15 },
    );
  });
});

function toWallMinute(at: Date, zone: string): number {
  return readMinutes(zone, at.getTime(), at.getTime() + 1).walls[0] ?? Number.NaN;
}

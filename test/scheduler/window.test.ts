import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Active, defaultPolicy, type Timing, type Trigger } from "../../src/scheduler/model.ts";
import { planSlots } from "../../src/scheduler/slots.ts";
import { listNextInstants, listPreviousInstants, parseTiming } from "../../src/scheduler/trigger.ts";

const always: Active = { start_date: null, end_date: null, start_time: null, end_time: null, days_of_week: null };
const now = new Date("2026-11-23T10:00:00.000Z");

function toTiming(expression: string, active: Partial<Active>, time_zone = "UTC"): Timing {
  const trigger: Trigger = { type: "cron", expression, time_zone };
  return { trigger, active: { ...always, ...active } };
}

function listNext(timing: Timing, from: string, count: number): string[] {
  return listNextInstants(timing, new Date(from), count).map((at) => at.toISOString().slice(0, 16));
}

describe("a window", () => {
  test("has its first time and not its last", () => {
    const timing = toTiming("0 * * * *", { start_time: "01:00", end_time: "03:00" });
    expect(listNext(timing, "2026-11-23T10:00:00Z", 3)).toEqual([
      "2026-11-24T01:00",
      "2026-11-24T02:00",
      "2026-11-25T01:00",
    ]);
  });

  test("may pass midnight", () => {
    const timing = toTiming("0 */2 * * *", { start_time: "22:00", end_time: "02:00" });
    expect(listNext(timing, "2026-11-23T10:00:00Z", 3)).toEqual([
      "2026-11-23T22:00",
      "2026-11-24T00:00",
      "2026-11-24T22:00",
    ]);
  });

  test("has both its dates", () => {
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

  test("that no instant lies in is refused, and one that is over too", () => {
    for (const active of [{ start_time: "13:00" }, { end_date: "2026-11-22" }]) {
      expect(() => parseTiming(toTiming("0 12 * * *", active), now)).toThrow(
        "/active with it, the trigger never fires",
      );
    }
  });

  test("is no reason for a miss: what lies outside stands in no stretch of its own", () => {
    const timing = toTiming("0 * * * *", { start_time: "01:00", end_time: "03:00" });
    const due = {
      ...timing,
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

  test("leaves of the trigger's instants those that lie in it, forwards and backwards", () => {
    const date = fc
      .integer({ min: 0, max: 40 })
      .map((days) => Temporal.PlainDate.from("2026-03-10").add({ days }).toString());
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
    const expressions = fc.constantFrom("*/20 * * * *", "0 * * * *", "30 2 * * *", "15 1,13 * * *");
    fc.assert(
      fc.property(actives, zones, expressions, (active, zone, expression) => {
        fc.pre(active.start_time === null || active.start_time !== active.end_time);
        const trigger: Trigger = { type: "cron", expression, time_zone: zone };
        const [from, to] = [new Date("2026-03-15T00:00:00Z"), new Date("2026-04-12T00:00:00Z")];
        const wanted = listNextInstants({ trigger, active: null }, from, 3000)
          .filter((at) => at < to && isIn(active, at, zone))
          .map((at) => at.toISOString());
        const forwards = listNextInstants({ trigger, active }, from, wanted.length + 1).filter((at) => at < to);
        expect(forwards.map((at) => at.toISOString())).toEqual(wanted);
        const backwards = listPreviousInstants({ trigger, active }, to, wanted.length + 1).filter((at) => at > from);
        expect(backwards.map((at) => at.toISOString())).toEqual(wanted.toReversed());
      }),
      { numRuns: 60 },
    );
  });
});

/** As the contract says it, of one instant. */
function isIn({ start_date, end_date, start_time, end_time, days_of_week }: Active, at: Date, zone: string): boolean {
  const wall = at.toTemporalInstant().toZonedDateTimeISO(zone);
  const date = wall.toPlainDate().toString();
  const time = wall.toPlainTime().toString().slice(0, 5);
  const from = start_time ?? "00:00";
  const until = end_time ?? "24:00";
  const isTime = until < from ? time >= from || time < until : time >= from && time < until;
  const isDate = (start_date === null || date >= start_date) && (end_date === null || date <= end_date);
  return isDate && isTime && (days_of_week === null || days_of_week.includes(wall.dayOfWeek));
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planSlots } from "../../src/scheduler/scan/plan.ts";
import { countLeft, limitPlan, listWithin } from "../../src/scheduler/scan/session-limit.ts";
import { defaultPolicy, type Policy } from "../../src/schedules/policy.ts";
import { listGapInstants, withGapInstants } from "../../src/timing/gap-instants.ts";
import { findNextInstant, listNextInstants } from "../../src/timing/instants.ts";
import type { Timing, Trigger } from "../../src/timing/model.ts";
import { spreadStart } from "../../src/timing/spread.ts";

const punctualSeconds = 10;

function plan(
  policy: Partial<Policy>,
  { nextDueAt, now, expression = "* * * * *" }: { nextDueAt: string; now: string; expression?: string },
) {
  const trigger: Trigger = { type: "cron", expression, time_zone: "UTC" };
  const {
    run,
    skipped,
    lastSlot,
    nextDueAt: next,
  } = planSlots(
    { id: "a", trigger, active: null, policy: { ...defaultPolicy, ...policy }, nextDueAt: new Date(nextDueAt) },
    new Date(now),
    punctualSeconds,
  );
  return {
    run: run.map(({ slot }) => toClock(slot)),
    skipped: skipped.map(({ first, last, reason }) => [toClock(first), toClock(last), reason]),
    lastSlot: toClock(lastSlot),
    next: next === null ? null : toClock(next),
  };
}

function toClock(time: Date): string {
  return time.toISOString().slice(11, 19);
}

const onTime = { nextDueAt: "2026-11-23T10:01:00Z", now: "2026-11-23T10:01:03Z" };
const afterHours = { nextDueAt: "2026-11-23T07:01:00Z", now: "2026-11-23T10:00:30Z" };

describe("planSlots", () => {
  test.each(["skip", "latest", "all"] as const)("runs a slot that is on time under misfire %s", (misfire) => {
    expect(plan({ misfire }, onTime)).toEqual({
      run: ["10:01:00"],
      skipped: [],
      lastSlot: "10:01:00",
      next: "10:02:00",
    });
  });

  test("runs no missed slot under misfire skip", () => {
    expect(plan({ misfire: "skip" }, afterHours)).toEqual({
      run: [],
      skipped: [
        ["07:01:00", "09:00:00", "missed_window"],
        ["09:01:00", "10:00:00", "misfire_policy"],
      ],
      lastSlot: "10:00:00",
      next: "10:01:00",
    });
  });

  test("runs only the newest missed slot under misfire latest", () => {
    expect(plan({ misfire: "latest" }, afterHours)).toMatchObject({
      run: ["10:00:00"],
      skipped: [
        ["07:01:00", "09:00:00", "missed_window"],
        ["09:01:00", "09:59:00", "misfire_policy"],
      ],
    });
  });

  test("runs no missed slot under misfire latest when a newer slot is on time", () => {
    expect(plan({ misfire: "latest" }, { ...afterHours, now: "2026-11-23T10:00:05Z" }).run).toEqual(["10:00:00"]);
  });

  test("runs nothing under misfire latest when the newest slot is older than catch_up_seconds", () => {
    const daily = { nextDueAt: "2026-11-22T02:00:00Z", now: "2026-11-23T10:00:00Z", expression: "0 2 * * *" };
    expect(plan({ misfire: "latest" }, daily)).toMatchObject({
      run: [],
      skipped: [["02:00:00", "02:00:00", "missed_window"]],
    });
  });

  test("runs each missed slot within catch_up_seconds under misfire all", () => {
    const planned = plan({ misfire: "all", catch_up_seconds: 300 }, afterHours);
    expect(planned.run).toEqual(["09:56:00", "09:57:00", "09:58:00", "09:59:00", "10:00:00"]);
    expect(planned.skipped).toEqual([["07:01:00", "09:55:00", "missed_window"]]);
  });

  test("runs the newest max_catch_up missed slots", () => {
    const planned = plan({ misfire: "all", catch_up_seconds: 600, max_catch_up: 2 }, afterHours);
    expect(planned.run).toEqual(["09:59:00", "10:00:00"]);
    expect(planned.skipped).toEqual([
      ["07:01:00", "09:50:00", "missed_window"],
      ["09:51:00", "09:58:00", "misfire_policy"],
    ]);
  });

  test("plans every instant once, as a session or in one skipped range", () => {
    const cases = fc.record({
      misfire: fc.constantFrom("skip", "latest", "all"),
      catch_up_seconds: fc.integer({ min: 0, max: 4000 }),
      max_catch_up: fc.integer({ min: 1, max: 20 }),
      expression: fc.constantFrom("* * * * *", "*/7 * * * *", "*/5 * * * * *", "3,9 * * * *", "0 * * * *"),
      downSeconds: fc.integer({ min: 0, max: 4000 }),
    });
    fc.assert(
      fc.property(cases, ({ expression, downSeconds, ...policy }) => {
        const trigger: Trigger = { type: "cron", expression, time_zone: "UTC" };
        const nextDueAt =
          findNextInstant({ trigger, active: null, policy: defaultPolicy }, new Date("2026-11-23T08:00:01Z")) ??
          new Date(Number.NaN);
        const now = new Date(nextDueAt.getTime() + downSeconds * 1000);
        const planned = planSlots(
          { id: "a", trigger, active: null, policy: { ...defaultPolicy, ...policy }, nextDueAt },
          now,
          punctualSeconds,
        );
        const slots = [
          ...planned.run.map(({ slot }) => slot.toISOString()),
          ...planned.skipped.flatMap(({ first, last }) =>
            listFrom({ trigger, active: null, policy: defaultPolicy }, first, last),
          ),
        ].sort();
        expect(slots).toEqual(listFrom({ trigger, active: null, policy: defaultPolicy }, nextDueAt, now));
        expect(planned.nextDueAt).toEqual(findNextInstant({ trigger, active: null, policy: defaultPolicy }, now));
        expect(planned.lastSlot.toISOString()).toBe(slots.at(-1));
      }),
      { numRuns: 60 },
    );
  });
});

const bases = [
  { zone: "Europe/Berlin", from: "2026-03-28T12:00:00Z" },
  { zone: "Europe/Berlin", from: "2026-10-24T12:00:00Z" },
  { zone: "Australia/Lord_Howe", from: "2026-10-03T00:00:00Z" },
  { zone: "UTC", from: "2026-11-23T00:00:00Z" },
];

describe("repeated scans", () => {
  test("plan every slot exactly once, at any times and under any policy", () => {
    const cases = fc.record({
      base: fc.constantFrom(...bases),
      expression: fc.constantFrom("30 2 * * *", "0,30 2-3 * * *", "15 * * * *", "*/40 1-4 * * *", "0 3,15 * * *"),
      policy: fc.record({
        misfire: fc.constantFrom("skip", "latest", "all"),
        catch_up_seconds: fc.integer({ min: 0, max: 86_400 }),
        max_catch_up: fc.integer({ min: 1, max: 5 }),
        dst_gap: fc.constantFrom("shift", "skip"),
        dst_overlap: fc.constantFrom("first", "second", "both"),
        spread_seconds: fc.integer({ min: 0, max: 86_400 }),
      }),
      isWindowed: fc.boolean(),
      pauses: fc.array(fc.oneof(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 60_000 })), {
        minLength: 1,
        maxLength: 15,
      }),
    });
    fc.assert(
      fc.property(cases, ({ base, expression, policy, isWindowed, pauses }) => {
        const window = { start_date: null, end_date: null, start_time: "02:00", end_time: "16:00", days_of_week: null };
        const schedule = {
          id: "a",
          trigger: { type: "cron" as const, expression, time_zone: base.zone },
          active: isWindowed ? window : null,
          policy: { ...defaultPolicy, ...policy },
        };
        const start = new Date(base.from);
        const { planned, now } = scanAgainAndAgain(schedule, start, pauses);
        const slots = listNextInstants(schedule, start, planned.length + 1).filter((at) => at <= now);
        const leftOut = listGapInstants(schedule, start, now);
        expect(planned.toSorted()).toEqual([...slots, ...leftOut].map((at) => at.toISOString()).toSorted());
      }),
      { numRuns: 100 },
    );
  });
});

function scanAgainAndAgain(schedule: Timing & { id: string; policy: Policy }, start: Date, pauses: readonly number[]) {
  const slots: string[] = [];
  let nextDueAt = findNextInstant(withGapInstants(schedule), start);
  let now = start;
  for (const pause of pauses) {
    now = new Date(now.getTime() + pause * 1000);
    if (nextDueAt === null || nextDueAt > now) continue;
    const planned = planSlots({ ...schedule, nextDueAt }, now, punctualSeconds);
    slots.push(...planned.run.map(({ slot }) => slot.toISOString()));
    for (const { first, last, reason } of planned.skipped)
      slots.push(...(reason === "dst_gap" ? [first.toISOString()] : listFrom(schedule, first, last)));
    for (const { slot, runAfter } of planned.run) expectSpread(schedule, slot, runAfter);
    nextDueAt = planned.nextDueAt;
  }
  return { planned: slots, now };
}

function expectSpread(schedule: Timing & { policy: Policy }, slot: Date, runAfter: Date): void {
  const later = runAfter.getTime() - slot.getTime();
  expect(later).toBeGreaterThanOrEqual(0);
  expect(later).toBeLessThanOrEqual(schedule.policy.spread_seconds * 1000);
  expect(runAfter.getTime()).toBeLessThan(findNextInstant(schedule, slot)?.getTime() ?? Number.POSITIVE_INFINITY);
}

describe("spread", () => {
  const slot = new Date("2026-11-23T10:00:00Z");

  test("is the same at every slot of a schedule, and is spread evenly over schedules", () => {
    const next = new Date("2026-11-24T10:00:00Z");
    const starts = Array.from(
      { length: 200 },
      (_, index) => spreadStart(`schedule ${index}`, slot, { spread_seconds: 600 }, next).getTime() - slot.getTime(),
    );
    expect(starts).toEqual(
      starts.map(
        (_, index) => spreadStart(`schedule ${index}`, next, { spread_seconds: 600 }, null).getTime() - next.getTime(),
      ),
    );
    expect(Math.max(...starts)).toBeLessThanOrEqual(600_000);
    // Each tenth of the spread has more than 8 of the 200 schedules; 20 is the mean.
    for (let tenth = 0; tenth < 10; tenth += 1)
      expect(starts.filter((start) => Math.floor(start / 60_000) === tenth).length).toBeGreaterThan(8);
  });

  test("ends before the next slot when the spread is longer than the pause between slots", () => {
    const next = new Date(slot.getTime() + 1000);
    for (let index = 0; index < 200; index += 1) {
      const start = spreadStart(`schedule ${index}`, slot, { spread_seconds: 86_400 }, next);
      expect(start >= slot && start < next).toBe(true);
    }
  });
});

describe("max_sessions", () => {
  const now = new Date("2026-11-23T10:03:00Z");
  const due = {
    id: "a",
    trigger: { type: "cron" as const, expression: "* * * * *", time_zone: "UTC" },
    active: null,
    policy: { ...defaultPolicy, misfire: "all" as const },
    nextDueAt: new Date("2026-11-23T10:00:00Z"),
  };
  const planned = planSlots(due, now, punctualSeconds);

  test("runs the oldest slots, skips the rest as one range, and leaves nothing due", () => {
    const left = countLeft(12, 10);
    expect(listWithin(planned, left).map(({ slot }) => toClock(slot))).toEqual(["10:00:00", "10:01:00"]);
    const limited = limitPlan(planned, left, 2);
    expect(limited.skipped).toEqual([{ first: new Date("2026-11-23T10:02:00Z"), last: now, reason: "max_sessions" }]);
    expect(limited.nextDueAt).toBeNull();
  });

  test("runs nothing when it is below the number of sessions already run", () => {
    expect(listWithin(planned, countLeft(3, 10))).toEqual([]);
    expect(limitPlan(planned, countLeft(3, 10), 0)).toMatchObject({ skipped: [{ last: now }], nextDueAt: null });
  });

  test("leaves the remaining slots due when a slot had its session already", () => {
    const limited = limitPlan(planned, 2, 1);
    expect(limited).toMatchObject({ skipped: [], nextDueAt: new Date("2026-11-23T10:02:00Z") });
    expect(toClock(limited.lastSlot)).toBe("10:01:00");
  });

  test("changes nothing when it is not reached or not set", () => {
    expect(limitPlan(planned, 5, 4)).toBe(planned);
    expect(limitPlan(planned, countLeft(null, 99), 4)).toBe(planned);
  });
});

function listFrom(timing: Timing, first: Date, last: Date): string[] {
  const instants: string[] = [];
  for (let at: Date | null = first; at !== null && at <= last; at = findNextInstant(timing, at))
    instants.push(at.toISOString());
  return instants;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultPolicy, type Policy, type Trigger } from "../../src/scheduler/model.ts";
import { planSlots } from "../../src/scheduler/slots.ts";
import { findNextInstant } from "../../src/scheduler/trigger.ts";

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
    { trigger, active: null, policy: { ...defaultPolicy, ...policy }, nextDueAt: new Date(nextDueAt) },
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

describe("planning", () => {
  test.each(["skip", "latest", "all"] as const)("a slot that is on time runs, whatever the policy: %s", (misfire) => {
    expect(plan({ misfire }, onTime)).toEqual({
      run: ["10:01:00"],
      skipped: [],
      lastSlot: "10:01:00",
      next: "10:02:00",
    });
  });

  test("skip runs none of the missed slots", () => {
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

  test("latest runs the newest missed slot alone", () => {
    expect(plan({ misfire: "latest" }, afterHours)).toMatchObject({
      run: ["10:00:00"],
      skipped: [
        ["07:01:00", "09:00:00", "missed_window"],
        ["09:01:00", "09:59:00", "misfire_policy"],
      ],
    });
  });

  test("latest runs nothing that was missed when a newer slot is on time", () => {
    expect(plan({ misfire: "latest" }, { ...afterHours, now: "2026-11-23T10:00:05Z" }).run).toEqual(["10:00:00"]);
  });

  test("latest runs nothing when even the newest slot is older than the window", () => {
    const daily = { nextDueAt: "2026-11-22T02:00:00Z", now: "2026-11-23T10:00:00Z", expression: "0 2 * * *" };
    expect(plan({ misfire: "latest" }, daily)).toMatchObject({
      run: [],
      skipped: [["02:00:00", "02:00:00", "missed_window"]],
    });
  });

  test("all runs each missed slot within the window", () => {
    const planned = plan({ misfire: "all", catch_up_seconds: 300 }, afterHours);
    expect(planned.run).toEqual(["09:56:00", "09:57:00", "09:58:00", "09:59:00", "10:00:00"]);
    expect(planned.skipped).toEqual([["07:01:00", "09:55:00", "missed_window"]]);
  });

  test("max_catch_up keeps the newest", () => {
    const planned = plan({ misfire: "all", catch_up_seconds: 600, max_catch_up: 2 }, afterHours);
    expect(planned.run).toEqual(["09:59:00", "10:00:00"]);
    expect(planned.skipped).toEqual([
      ["07:01:00", "09:50:00", "missed_window"],
      ["09:51:00", "09:58:00", "misfire_policy"],
    ]);
  });

  test("every instant is either run or in exactly one stretch, and none comes twice", () => {
    const cases = fc.record({
      misfire: fc.constantFrom("skip", "latest", "all"),
      catch_up_seconds: fc.integer({ min: 0, max: 4000 }),
      max_catch_up: fc.integer({ min: 1, max: 20 }),
      expression: fc.constantFrom("* * * * *", "*/7 * * * *", "*/5 * * * * *", "3,9 * * * *", "0 * * * *"),
      downSeconds: fc.integer({ min: 0, max: 7200 }),
    });
    fc.assert(
      fc.property(cases, ({ expression, downSeconds, ...policy }) => {
        const trigger: Trigger = { type: "cron", expression, time_zone: "UTC" };
        const nextDueAt =
          findNextInstant({ trigger, active: null }, new Date("2026-11-23T08:00:01Z")) ?? new Date(Number.NaN);
        const now = new Date(nextDueAt.getTime() + downSeconds * 1000);
        const planned = planSlots(
          { trigger, active: null, policy: { ...defaultPolicy, ...policy }, nextDueAt },
          now,
          punctualSeconds,
        );
        const told = [
          ...planned.run.map(({ slot }) => slot.toISOString()),
          ...planned.skipped.flatMap(({ first, last }) => listFrom(trigger, first, last)),
        ].sort();
        expect(told).toEqual(listFrom(trigger, nextDueAt, now));
        expect(planned.nextDueAt).toEqual(findNextInstant({ trigger, active: null }, now));
        expect(planned.lastSlot.toISOString()).toBe(told.at(-1));
      }),
      { numRuns: 300 },
    );
  });
});

function listFrom(trigger: Trigger, first: Date, last: Date): string[] {
  const instants: string[] = [];
  for (let at: Date | null = first; at !== null && at <= last; at = findNextInstant({ trigger, active: null }, at))
    instants.push(at.toISOString());
  return instants;
}

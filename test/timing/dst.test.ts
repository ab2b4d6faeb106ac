import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listGapInstants } from "../../src/timing/gap-instants.ts";
import { listNextInstants } from "../../src/timing/instants.ts";
import type { Active, DstPolicy, FreqTrigger, Timing, Trigger } from "../../src/timing/model.ts";
import {
  dstPolicies,
  findInstants,
  listChanges,
  type Minutes,
  type Pattern,
  readMinutes,
  toCronPattern,
  zones,
} from "./cron-oracle.ts";
import { listPreviousInstants } from "./instants.ts";

const minute = 60_000;
const hour = 60 * minute;

function toTiming(trigger: Trigger, policy: DstPolicy, active: Active | null = null): Timing {
  return { trigger, active, policy };
}

/** The instants that EOM computes within the minutes, the same forwards and backwards. `maxCount` ends a faulty search. */
function listInstants(timing: Timing, { start, walls }: Minutes, maxCount: number): string[] {
  const end = start + walls.length * minute;
  const forwards = listNextInstants(timing, new Date(start - 1), maxCount).filter((at) => at.getTime() < end);
  const backwards = listPreviousInstants(timing, new Date(end), maxCount).filter((at) => at.getTime() >= start);
  expect(backwards.toReversed(), "backwards").toEqual(forwards);
  return forwards.map((at) => at.toISOString());
}

function expectSame(timing: Timing, minutes: Minutes, pattern: Pattern): void {
  const label = JSON.stringify([timing, new Date(minutes.start)]);
  const { instants, leftOut } = findInstants(minutes, pattern, timing.policy, timing.active);
  expect(listInstants(timing, minutes, instants.length + 1), label).toEqual(instants);
  const end = new Date(minutes.start + (minutes.walls.length - 1) * minute);
  const gapInstants = listGapInstants(timing, new Date(minutes.start), end).map((at) => at.toISOString());
  expect(gapInstants, label).toEqual(leftOut);
}

/** Wall clocks of a change: the first and the middle one of its gap or overlap, and the first one after it. */
function listWallsAround(zone: string, change: number): number[] {
  const { walls } = readMinutes(zone, change - minute, change + minute);
  const [before = 0, after = 0] = walls;
  const [low, high] = [Math.min(before + 1, after), Math.max(before + 1, after)];
  return [low, Math.floor((low + high) / 2), high];
}

describe("every change of the clocks from 2024 to 2030, with each policy", () => {
  test.each(zones)("fixed times and daily steps agree with the wall clock, minute by minute: %s", (zone) => {
    for (const change of listChanges(zone)) {
      const minutes = readMinutes(zone, change - 13 * hour, change + 13 * hour);
      for (const wall of listWallsAround(zone, change)) {
        const at = new Date(wall * minute);
        const expression = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
        const pattern = toCronPattern(expression);
        const anchor = toAnchor(zone, at);
        for (const policy of dstPolicies) {
          expectSame(toTiming({ type: "cron", expression, time_zone: zone }, policy), minutes, pattern);
          expectSame(
            toTiming({ type: "freq", every: 1, unit: "day", anchor, time_zone: zone }, policy),
            minutes,
            pattern,
          );
        }
      }
    }
  });

  test.each(zones)("wildcards follow real time: %s", (zone) => {
    const [expression, policies] = ["*/20 0-3,23 * * *", [dstPolicies[0], dstPolicies[5]]];
    for (const change of listChanges(zone)) {
      const minutes = readMinutes(zone, change - 3 * hour, change + 3 * hour);
      for (const policy of policies) {
        if (policy !== undefined)
          expectSame(
            toTiming({ type: "cron", expression, time_zone: zone }, policy),
            minutes,
            toCronPattern(expression),
          );
      }
    }
  });
});

/** The same time of day a week earlier, where no clocks change. */
function toAnchor(zone: string, wall: Date): string {
  const plain = Temporal.PlainDateTime.from(wall.toISOString().slice(0, 19)).subtract({ days: 7 });
  return new Date(plain.toZonedDateTime(zone).epochMilliseconds).toISOString();
}

const number = (min: number, max: number) => fc.integer({ min, max }).map(String);
const range = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min: 0, max: 4 }))
    .map(([first, more]) => `${first}-${Math.min(max, first + more)}`);
const list = (min: number, max: number) =>
  fc.array(fc.oneof(number(min, max), range(min, max)), { minLength: 1, maxLength: 2 }).map((items) => items.join(","));
const star = fc.constant("*");
const some = (field: fc.Arbitrary<string>) => fc.oneof({ weight: 3, arbitrary: star }, { weight: 1, arbitrary: field });
const expressions = fc
  .tuple(
    fc.oneof(list(0, 59), fc.constantFrom("*/7", "*/20", "*/30")),
    fc.oneof(list(0, 3), list(0, 23), star, fc.constantFrom("*/2", "*/5")),
    some(list(1, 31)),
    some(list(1, 12)),
    some(list(0, 6)),
  )
  .map((fields) => fields.join(" "));

/** A zone, and an instant near a change of its clocks; one of two days in a zone without changes. */
const places = fc.constantFrom(...zones).chain((zone) => {
  const changes = listChanges(zone);
  const days = [Date.parse("2024-02-28T00:00:00Z"), Date.parse("2026-12-31T00:00:00Z")];
  return fc.record({ zone: fc.constant(zone), middle: fc.constantFrom(...changes, ...days) });
});

const times = fc
  .integer({ min: 0, max: 5 * 4 })
  .map((quarter) => new Date(quarter * 15 * minute).toISOString().slice(11, 16));
const windows = fc.record({
  start_date: fc.constant(null),
  end_date: fc.constant(null),
  start_time: fc.option(times),
  end_time: fc.option(times),
  days_of_week: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 4 })),
});

/** The minutes around each change, read once. */
const read = new Map<string, Minutes>();
function readAround(zone: string, middle: number): Minutes {
  const key = `${zone} ${middle}`;
  const minutes = read.get(key) ?? readMinutes(zone, middle - 20 * hour, middle + 20 * hour);
  read.set(key, minutes);
  return minutes;
}

describe("any trigger, window and policy", () => {
  test("cron agrees with a search minute by minute, forwards and backwards", () => {
    fc.assert(
      fc.property(
        expressions,
        places,
        fc.option(windows),
        fc.constantFrom(...dstPolicies),
        (expression, { zone, middle }, active, policy) => {
          fc.pre(active === null || active.start_time === null || active.start_time !== active.end_time);
          const timing = toTiming({ type: "cron", expression, time_zone: zone }, policy, active);
          expectSame(timing, readAround(zone, middle), toCronPattern(expression));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("freq agrees with a search minute by minute, forwards and backwards", () => {
    const cases = fc.record({
      place: places,
      unit: fc.constantFrom("day", "week", "month"),
      every: fc.integer({ min: 1, max: 3 }),
      before: fc.integer({ min: 3 * 1440, max: 400 * 1440 }),
      active: fc.option(windows),
      policy: fc.constantFrom(...dstPolicies),
    });
    fc.assert(
      fc.property(cases, ({ place: { zone, middle }, unit, every, before, active, policy }) => {
        fc.pre(active === null || active.start_time === null || active.start_time !== active.end_time);
        const minutes = readAround(zone, middle);
        // An anchor whose steps are close to the change, by the wall clock.
        const start = new Date(
          ((minutes.walls[20 * 60] ?? 0) + (before % 240) - 120 - before - (before % 240)) * minute,
        );
        const anchor = toAnchor(zone, start);
        const trigger: FreqTrigger = { type: "freq", every, unit: unit as "day", anchor, time_zone: zone };
        expectSame(toTiming(trigger, policy, active), minutes, toStepPattern(trigger, minutes));
      }),
      { numRuns: 50 },
    );
  });
});

/** The calendar steps from the anchor's wall clock. */
function toStepPattern({ anchor, every, unit, time_zone }: FreqTrigger, { walls }: Minutes): Pattern {
  const [start = 0] = readMinutes(time_zone, Date.parse(anchor), Date.parse(anchor) + 1).walls;
  const first = Temporal.Instant.fromEpochMilliseconds(start * minute).toZonedDateTimeISO("UTC");
  const steps = new Set<number>();
  for (let number = 0; ; number += 1) {
    const wall = first.add({ [`${unit}s`]: number * every }).epochMilliseconds / minute;
    if (wall > (walls.at(-1) ?? 0) + 2880) break;
    steps.add(wall);
  }
  return { isFixed: true, fits: (wall) => steps.has(wall) };
}

describe("changes that are long, or at midnight", () => {
  test.each([
    // Samoa skipped a whole day; Brazil's clocks went from midnight to 01:00, and back from midnight to 23:00.
    ["Pacific/Apia", 2011, 2011],
    ["America/Sao_Paulo", 2017, 2018],
    ["Antarctica/Troll", 2026, 2026],
    ["Asia/Pyongyang", 2015, 2018],
  ])("%s from %d to %d", (zone, first, last) => {
    const changes = listChanges(zone, first, last);
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) {
      const minutes = readMinutes(zone, change - 49 * hour, change + 49 * hour);
      for (const expression of ["30 10 * * *", "0,30 0,23 * * *", "15 1,2 * * *"]) {
        for (const policy of dstPolicies) {
          const timing = toTiming({ type: "cron", expression, time_zone: zone }, policy);
          expectSame(timing, minutes, toCronPattern(expression));
        }
      }
    }
  });
});

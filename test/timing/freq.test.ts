import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../../src/schedules/policy.ts";
import { findNextInstant, findPreviousInstant, listNextInstants } from "../../src/timing/instants.ts";
import type { FreqTrigger } from "../../src/timing/model.ts";
import { parseTiming } from "../../src/timing/parse-timing.ts";
import { listPreviousInstants } from "./instants.ts";

const zones = [
  "America/New_York",
  "Europe/London",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Kolkata",
  "Pacific/Apia",
];
const minute = 60_000;

function toTrigger(every: number, unit: FreqTrigger["unit"], anchor: string, time_zone = "UTC"): FreqTrigger {
  return { type: "freq", every, unit, anchor: new Date(anchor).toISOString(), time_zone };
}

function listFrom(trigger: FreqTrigger, after: string, count: number): string[] {
  return listNextInstants({ trigger, active: null, policy: defaultPolicy }, new Date(after), count).map((at) =>
    at.toISOString(),
  );
}

describe("minutes and hours", () => {
  test("are elapsed time from the anchor, whatever the clocks do", () => {
    const trigger = toTrigger(45, "minute", "2026-10-25T00:00:00Z", "Europe/Berlin");
    expect(listFrom(trigger, "2026-10-25T00:00:00Z", 3)).toEqual([
      "2026-10-25T00:45:00.000Z",
      "2026-10-25T01:30:00.000Z",
      "2026-10-25T02:15:00.000Z",
    ]);
  });

  test("begin at the anchor: no instant is earlier", () => {
    const trigger = toTrigger(6, "hour", "2026-11-23T10:00:00Z");
    expect(listFrom(trigger, "2020-01-01T00:00:00Z", 2)).toEqual([
      "2026-11-23T10:00:00.000Z",
      "2026-11-23T16:00:00.000Z",
    ]);
    expect(
      findPreviousInstant({ trigger, active: null, policy: defaultPolicy }, new Date("2026-11-23T10:00:00Z")),
    ).toBeNull();
    expect(
      listPreviousInstants({ trigger, active: null, policy: defaultPolicy }, new Date("2026-11-23T22:00:00Z"), 9),
    ).toHaveLength(2);
  });
});

describe("days, weeks and months", () => {
  test("keep the wall clock through a change, and run at the end of a gap", () => {
    const trigger = toTrigger(1, "day", "2026-03-27T01:30:00Z", "Europe/Berlin");
    expect(listFrom(trigger, "2026-03-27T01:30:00Z", 3)).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
  });

  test("run at the first pass of a time that is shown twice", () => {
    const trigger = toTrigger(1, "week", "2026-10-18T00:30:00Z", "Europe/Berlin");
    expect(listFrom(trigger, "2026-10-18T00:30:00Z", 1)).toEqual(["2026-10-25T00:30:00.000Z"]);
  });

  test("count months from the anchor: its day comes back after a short month", () => {
    const trigger = toTrigger(1, "month", "2027-01-31T09:00:00Z");
    expect(listFrom(trigger, "2027-01-31T09:00:00Z", 3)).toEqual([
      "2027-02-28T09:00:00.000Z",
      "2027-03-31T09:00:00.000Z",
      "2027-04-30T09:00:00.000Z",
    ]);
  });

  test("agree with a search minute by minute, in every zone from 2024 to 2030", () => {
    const cases = fc.record({
      zone: fc.constantFrom(...zones),
      unit: fc.constantFrom("day", "week", "month"),
      every: fc.integer({ min: 1, max: 5 }),
      anchorMinute: fc.integer({ min: Date.UTC(2024, 0, 1) / minute, max: Date.UTC(2029, 0, 1) / minute }),
      laterDays: fc.integer({ min: 0, max: 365 }),
    });
    fc.assert(
      fc.property(cases, ({ zone, unit, every, anchorMinute, laterDays }) => {
        const anchor = new Date(anchorMinute * minute);
        const trigger = toTrigger(every, unit as FreqTrigger["unit"], anchor.toISOString(), zone);
        const after = new Date(anchor.getTime() + laterDays * 1440 * minute);
        const instants = listNextInstants({ trigger, active: null, policy: defaultPolicy }, after, 6);
        expect(instants.map((at) => at.toISOString())).toEqual(listByMinute(trigger, after, 6));
        const [first, second] = instants as [Date, Date];
        expect(findPreviousInstant({ trigger, active: null, policy: defaultPolicy }, second)).toEqual(first);
        expect(findNextInstant({ trigger, active: null, policy: defaultPolicy }, first)).toEqual(second);
      }),
      { numRuns: 60 },
    );
  });

  test("agree with a search minute by minute at the hour of every change", () => {
    for (const zone of zones) {
      for (const change of listChanges(zone)) {
        const dayBefore = new Date(change - 1440 * minute).toISOString();
        const trigger = toTrigger(1, "day", dayBefore, zone);
        const instants = listNextInstants({ trigger, active: null, policy: defaultPolicy }, new Date(dayBefore), 2).map(
          (at) => at.toISOString(),
        );
        expect(instants, `${zone} ${dayBefore}`).toEqual(listByMinute(trigger, new Date(dayBefore), 2));
      }
    }
  });
});

test("refuses an anchor more than five years ahead", () => {
  const now = new Date("2026-11-23T10:00:00Z");
  expect(() =>
    parseTiming({ trigger: toTrigger(1, "day", "2032-01-01T00:00:00Z"), active: null, policy: defaultPolicy }, now),
  ).toThrow("never fires within the next 5 years");
});

/** Date by date; the wall clock of each is searched among the minutes around it. */
function listByMinute({ every, unit, anchor, time_zone }: FreqTrigger, after: Date, count: number): string[] {
  const start = toWall(Date.parse(anchor), time_zone);
  const instants: string[] = [];
  for (let number = 0; instants.length < count; number += 1) {
    const wall = start.add({ [`${unit}s`]: number * every });
    if (Date.parse(`${wall.toString()}Z`) < after.getTime() - 2880 * minute) continue;
    const at = searchMinutes(wall, time_zone);
    if (at > after.getTime()) instants.push(new Date(at).toISOString());
  }
  return instants;
}

/** The first minute that shows this wall clock; in a gap, the first that shows a later one. */
function searchMinutes(wall: Temporal.PlainDateTime, zone: string): number {
  const middle = Date.parse(`${wall.toString()}Z`);
  const offset = middle - Date.parse(`${toWall(middle, zone).toString()}Z`);
  const from = middle + offset - 180 * minute;
  const minutes = Array.from({ length: 360 }, (_, step) => from + step * minute);
  const isLater = (time: number) => Temporal.PlainDateTime.compare(toWall(time, zone), wall) > 0;
  return minutes.find((time) => toWall(time, zone).equals(wall)) ?? minutes.find(isLater) ?? Number.NaN;
}

function toWall(time: number, zone: string): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toPlainDateTime();
}

function listChanges(zone: string): number[] {
  const changes: number[] = [];
  let at = Temporal.Instant.from("2024-01-01T00:00:00Z").toZonedDateTimeISO(zone).getTimeZoneTransition("next");
  while (at !== null && at.year <= 2030) {
    changes.push(at.epochMilliseconds);
    at = at.getTimeZoneTransition("next");
  }
  return changes;
}

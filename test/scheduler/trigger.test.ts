import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Trigger } from "../../src/scheduler/model.ts";
import {
  findNextInstant,
  findPreviousInstant,
  listNextInstants,
  listPreviousInstants,
  parseTiming,
} from "../../src/scheduler/trigger.ts";
import { normaliseExpression } from "../../src/scheduler/triggers/cron-expression.ts";
import { listInstantsByMinute } from "./cron-oracle.ts";

const now = new Date("2026-11-23T10:00:00.000Z");

function toTrigger(expression: string, time_zone = "UTC"): Trigger {
  return { type: "cron", expression, time_zone };
}

/** All instants after `from`, before `to`. */
function listBetween(trigger: Trigger, from: string, to: string): string[] {
  const instants: string[] = [];
  for (
    let at = findNextInstant({ trigger, active: null }, new Date(from));
    at !== null && at < new Date(to);
    at = findNextInstant({ trigger, active: null }, at)
  ) {
    instants.push(at.toISOString());
  }
  return instants;
}

describe("daylight saving", () => {
  test.each([
    [
      "a fixed time that does not exist runs right after the gap",
      "30 2 * * *",
      "America/New_York",
      "2026-03-08",
      ["07:00"],
    ],
    ["a fixed time that exists twice runs the first time", "30 1 * * *", "America/New_York", "2026-11-01", ["05:30"]],
    ["so does one of a list", "0 1,2 * * *", "America/New_York", "2026-11-01", ["05:00", "07:00"]],
    ["the same in Berlin's spring", "30 2 * * *", "Europe/Berlin", "2026-03-29", ["01:00"]],
    ["the same in Berlin's autumn", "30 2 * * *", "Europe/Berlin", "2026-10-25", ["00:30"]],
    ["a gap of half an hour is as long as it is", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03", ["15:30"]],
  ])("%s", (_, expression, zone, day, times) => {
    const instants = listBetween(toTrigger(expression, zone), `${day}T00:00:00Z`, `${day}T23:59:59Z`);
    expect(instants).toEqual(times.map((time) => `${day}T${time}:00.000Z`));
  });

  test("a wildcard pattern follows real time through both changes", () => {
    const trigger = toTrigger("*/30 * * * *", "America/New_York");
    expect(listBetween(trigger, "2026-11-01T04:59:00Z", "2026-11-01T07:00:00Z")).toHaveLength(4);
    expect(listBetween(trigger, "2026-03-08T06:29:00Z", "2026-03-08T07:31:00Z")).toHaveLength(3);
  });
});

describe("expressions", () => {
  test.each([
    ["  30   2 * * *  ", "30 2 * * *"],
    ["0 12 ? * MON", "0 12 * * MON"],
    ["@Hourly", "@hourly"],
    ["*/10 * * * * *", "*/10 * * * * *"],
    ["0 0 12 ? * 2", "0 0 12 * * 1"],
    ["0 0 12 ? * 2-6", "0 0 12 * * 1-5"],
    ["0 0/5 * * * ?", "0 0-59/5 * * * *"],
    ["0 15 10 ? * 6#3", "0 15 10 * * 5#3"],
    ["0 15 10 ? * 6L", "0 15 10 * * 5L"],
    ["0 15 10 L * ? *", "0 15 10 L * *"],
    ["0 0 8 ? * MON-FRI", "0 0 8 * * MON-FRI"],
    ["0 0 8 ? * 1,7", "0 0 8 * * 0,6"],
  ])("%j is kept as %j", (given, kept) => {
    expect(normaliseExpression(given)).toBe(kept);
    expect(parseTiming({ trigger: toTrigger(given), active: null }, now).trigger).toMatchObject({ expression: kept });
  });

  test("a Quartz expression means the day that Quartz means", () => {
    const { trigger: monday } = parseTiming({ trigger: toTrigger("0 0 12 ? * 2"), active: null }, now);
    expect(findNextInstant({ trigger: monday, active: null }, now)?.toISOString()).toBe("2026-11-23T12:00:00.000Z");
    expect(new Date("2026-11-23").getUTCDay()).toBe(1);
  });

  test.each([
    ["61 * * * *", 0, /minute/],
    ["0 25 * * *", 2, /hour/],
    ["* * *", undefined, /3 fields, wanted 5, or 6/],
    ["0 0/5 * * *", 2, /\*\/step/],
    ["0 0 30 2 *", undefined, /never fires within the next 5 years/],
    ["@every 5m", 0, /every five minutes is \*\/5/],
    ["@reboot", 0, /not known/],
    ["0 0 12 * * MON 2027", 15, /years cannot be given/],
    ["0 0 12 ? * MON 2027", 15, /years cannot be given/],
    ["0 0 12 ? * 9", 11, /1 \(Sunday\) to 7/],
    ["1? * * * *", 0, /stands alone/],
    ["2026-12-01T00:00:00", undefined, /1 fields/],
    ["a b c d e", 0, /illegal/],
  ])("%j is refused at %j, saying why", (expression, position, reason) => {
    expect(() => parseTiming({ trigger: toTrigger(expression), active: null }, now)).toThrow(
      expect.objectContaining({
        code: "CRON_PARSE_ERROR",
        details: {
          expression,
          ...(position === undefined ? {} : { position }),
          reason: expect.stringMatching(reason),
        },
      }),
    );
  });
});

const zones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];

/** Around changes of the clocks, and far from them. */
const windows = ["2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31", "2027-02-27"];

const number = (least: number, most: number) => fc.integer({ min: least, max: most }).map(String);
const range = (least: number, most: number) =>
  fc
    .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
    .map((ends) => `${Math.min(...ends)}-${Math.max(...ends)}`);
const list = (least: number, most: number) =>
  fc
    .array(fc.oneof(number(least, most), range(least, most)), { minLength: 1, maxLength: 3 })
    .map((items) => items.join(","));
const star = fc.constant("*");
const step = fc.integer({ min: 2, max: 20 }).map((every) => `*/${every}`);

const expressions = fc
  .tuple(
    fc.oneof(list(0, 59), star, step),
    fc.oneof(
      list(0, 23),
      star,
      fc.integer({ min: 2, max: 8 }).map((every) => `*/${every}`),
    ),
    fc.oneof({ weight: 3, arbitrary: star }, { weight: 1, arbitrary: list(1, 31) }),
    fc.oneof({ weight: 3, arbitrary: star }, { weight: 1, arbitrary: list(1, 12) }),
    fc.oneof({ weight: 3, arbitrary: star }, { weight: 1, arbitrary: list(0, 6) }),
  )
  .map((fields) => fields.join(" "));

describe("instants", () => {
  test("are those that a search minute by minute finds, in every zone and through every change", () => {
    fc.assert(
      fc.property(expressions, fc.constantFrom(...zones), fc.constantFrom(...windows), (expression, zone, day) => {
        const from = new Date(`${day}T00:00:00Z`);
        const to = new Date(from.getTime() + 3 * 86_400_000);
        const found = listBetween(
          toTrigger(expression, zone),
          new Date(from.getTime() - 1).toISOString(),
          to.toISOString(),
        );
        expect(found).toEqual(listInstantsByMinute(expression, zone, from, to));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("are the same backwards and forwards", () => {
    fc.assert(
      fc.property(expressions, fc.constantFrom(...zones), fc.constantFrom(...windows), (expression, zone, day) => {
        const trigger = toTrigger(expression, zone);
        const forwards = listNextInstants({ trigger, active: null }, new Date(`${day}T00:00:00Z`), 30);
        const last = forwards.at(-1);
        if (last === undefined) return;
        const backwards = listPreviousInstants(
          { trigger, active: null },
          new Date(last.getTime() + 1),
          forwards.length,
        );
        expect(backwards.reverse()).toEqual(forwards);
        expect(findPreviousInstant({ trigger, active: null }, last)).toEqual(forwards.at(-2) ?? expect.anything());
      }),
      { numRuns: 200 },
    );
  });
});

import { describe, expect, test } from "vitest";
import { findPreviousInstant, listNextInstants } from "../../src/timing/instants.ts";
import type { Active, Timing, Trigger } from "../../src/timing/model.ts";
import { dstPolicies } from "./cron-oracle.ts";

const anchor = "0001-01-31T12:00:00.000Z";
const window: Active = { start_date: null, end_date: null, start_time: "01:00", end_time: null, days_of_week: null };

const triggers: readonly (readonly [name: string, trigger: Trigger])[] = [
  ["every month", { type: "freq", every: 1, unit: "month", anchor, time_zone: "Europe/Berlin" }],
  ["every 10,000 weeks", { type: "freq", every: 10_000, unit: "week", anchor, time_zone: "America/New_York" }],
  ["every 7 hours", { type: "freq", every: 7, unit: "hour", anchor, time_zone: "UTC" }],
  ["a cron expression with fixed times", { type: "cron", expression: "0 2 1 1 *", time_zone: "Asia/Tokyo" }],
  ["a cron expression with a step", { type: "cron", expression: "*/30 * * * *", time_zone: "America/New_York" }],
];

const timings = triggers.flatMap(([name, trigger]) =>
  [null, window].flatMap((active) =>
    dstPolicies.map((policy): [string, Timing] => [
      `${name}${active === null ? "" : " in a window"}, ${policy.dst_gap} ${policy.dst_overlap}`,
      { trigger, active, policy },
    ]),
  ),
);

describe.each(timings)("%s", (_, timing) => {
  test.each(["9999-12-31T23:59:59.000Z", "9999-12-31T23:59:59.999Z"])("has no instant after %s", (from) => {
    expect(listNextInstants(timing, new Date(from), 2)).toEqual([]);
  });

  test.each(["9998-11-01T00:00:00Z", "9999-01-01T00:00:00Z", "9999-12-30T00:00:00Z"])(
    "has only instants with a year of four digits after %s",
    (from) => {
      const years = listNextInstants(timing, new Date(from), 100).map((at) => at.toISOString().slice(0, 5));
      expect(years.filter((year) => !["9998-", "9999-"].includes(year))).toEqual([]);
    },
  );

  test("has no instant before the year 1", () => {
    expect(findPreviousInstant(timing, new Date("0001-01-01T00:00:00Z"))).toBeNull();
  });

  test("has its first instants in the first two centuries", () => {
    const [instant] = listNextInstants(timing, new Date("0000-12-31T23:59:59.999Z"), 1);
    expect(instant?.getUTCFullYear()).toBeLessThan(200);
  });
});

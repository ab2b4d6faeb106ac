import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../../src/schedules/policy.ts";
import { findNextInstant, listNextInstants } from "../../src/timing/instants.ts";
import type { Trigger } from "../../src/timing/model.ts";
import { parseExpression } from "../../src/timing/parse-expression.ts";
import { parseTiming } from "../../src/timing/parse-timing.ts";

const now = new Date("2026-11-23T10:00:00.000Z");

function toTrigger(expression: string, time_zone = "UTC"): Trigger {
  return { type: "cron", expression, time_zone };
}

/** The instants after `from` and before `to`. */
function listBetween(trigger: Trigger, from: string, to: string): string[] {
  const instants: string[] = [];
  for (
    let at = findNextInstant({ trigger, active: null, policy: defaultPolicy }, new Date(from));
    at !== null && at < new Date(to);
    at = findNextInstant({ trigger, active: null, policy: defaultPolicy }, at)
  ) {
    instants.push(at.toISOString());
  }
  return instants;
}

describe("daylight saving", () => {
  test.each([
    ["a fixed time in a gap runs at the end of the gap", "30 2 * * *", "America/New_York", "2026-03-08", ["07:00"]],
    ["a fixed time that is shown twice runs the first time", "30 1 * * *", "America/New_York", "2026-11-01", ["05:30"]],
    ["so does a time of a list", "0 1,2 * * *", "America/New_York", "2026-11-01", ["05:00", "07:00"]],
    ["a gap in Berlin's spring", "30 2 * * *", "Europe/Berlin", "2026-03-29", ["01:00"]],
    ["an overlap in Berlin's autumn", "30 2 * * *", "Europe/Berlin", "2026-10-25", ["00:30"]],
    ["a gap of half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03", ["15:30"]],
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
    ["0 0 * * L5", "0 0 * * 5L"],
    ["0 0 * * l1,L3", "0 0 * * 1L,3L"],
    ["0 0 * * 5L", "0 0 * * 5L"],
    ["0 0 * * FRI#2", "0 0 * * FRI#2"],
    ["0 0 * * fri#L", "0 0 * * fri#L"],
    ["0 0 LW * *", "0 0 LW * *"],
    ["0 0 * * sat-sun", "0 0 * * sat-sun"],
  ])("%j is saved as %j", (given, kept) => {
    expect(parseExpression(given, () => [])).toBe(kept);
    expect(parseTiming({ trigger: toTrigger(given), active: null, policy: defaultPolicy }, now).trigger).toMatchObject({
      expression: kept,
    });
  });

  test.each([
    ["0 0 * * L5", "2026-11-27", "2026-12-25"],
    ["0 0 * * FRI#2", "2026-12-11", "2027-01-08"],
    ["0 0 L * *", "2026-11-30", "2026-12-31"],
    ["0 0 15W * *", "2026-12-15", "2027-01-15"],
    ["0 0 1 * MON", "2026-11-30", "2026-12-01"],
    ["0 0 */2 * 1", "2026-11-25", "2026-11-27"],
    ["0 0 30 * */2", "2026-11-24", "2026-11-26"],
    ["0 0 */2 * +1", "2026-12-07", "2026-12-21"],
    ["0 0 1-7 * +MON", "2026-12-07", "2027-01-04"],
    ["@weekly", "2026-11-29", "2026-12-06"],
  ])("%j fires on its days", (expression, ...days) => {
    const { trigger } = parseTiming({ trigger: toTrigger(expression), active: null, policy: defaultPolicy }, now);
    const instants = listNextInstants({ trigger, active: null, policy: defaultPolicy }, now, 2);
    expect(instants.map((at) => at.toISOString().slice(0, 10))).toEqual(days);
  });

  test("a Quartz expression has the day of Quartz", () => {
    const { trigger: monday } = parseTiming(
      { trigger: toTrigger("0 0 12 ? * 2"), active: null, policy: defaultPolicy },
      now,
    );
    expect(findNextInstant({ trigger: monday, active: null, policy: defaultPolicy }, now)?.toISOString()).toBe(
      "2026-11-23T12:00:00.000Z",
    );
    expect(new Date("2026-11-23").getUTCDay()).toBe(1);
  });

  test.each([
    ["61 * * * *", 0, /minute/],
    ["0 25 * * *", 2, /hour/],
    ["* * *", undefined, /3 fields; expected 5, or 6/],
    ["0 0/5 * * *", 2, /\*\/step/],
    ["0 0 30 2 *", undefined, /never fires within the next 5 years/],
    ["@every 5m", 0, /write \*\/5 \* \* \* \* for every five minutes/],
    ["@reboot", 0, /@reboot is not supported; expected one of @yearly/],
    ["0 0 12 * * MON 2027", 15, /years are not supported/],
    ["0 0 12 ? * MON 2027", 15, /years are not supported/],
    ["0 0 12 ? * 9", 11, /1 \(Sunday\) to 7/],
    ["1? * * * *", 0, /\? must be the whole field/],
    ["2026-12-01T00:00:00", undefined, /1 field;/],
    ["a b c d e", 0, /illegal/],
    ["R 2 * * *", 0, /R is not supported: write a number, and set the policy's spread_seconds/],
    ["H/15 * * * *", 0, /H\/15 is not supported: write a number/],
    ["h(0-29) * * * *", 0, /spread_seconds/],
    ["0 22-2 * * *", 2, /22-2 runs backwards: split the range/],
    ["0 0 * * fri-mon", 8, /fri-mon runs backwards/],
    ["0 0 32 * *", 4, /32 is out of range: day of month must be 1 to 31/],
    ["0 0 * 13 *", 6, /13 is out of range: month must be 1 to 12/],
    ["0 0 * * 8", 8, /day of week must be 0/],
    ["0 0 * * L", 8, /5L for the last Friday/],
    ["0 0 L-3 * *", 4, /L has to be a value of its own/],
    ["0 0 * * 5#6", 8, /should be 1-5 or L/],
    ["30 2 * * mon 15", 9, /Seconds are the first field: did you mean 15 30 2 \* \* mon\?/],
    ["30 2 * * mon *", 9, /if \* is the year, write 30 2 \* \* mon$/],
    ["0 10 * * MON 2027", 9, /if 2027 is the year, write 0 10 \* \* MON$/],
    ["0 10 1 1 * 2027-2030", 11, /if 2027-2030 is the year, write 0 10 1 1 \*$/],
    [
      "0 10 * * ? *",
      11,
      /without the year it is 0 10 \* \* \* \(next: 2026-11-24T10:00:00.000Z, 2026-11-25T10:00:00.000Z\)/,
    ],
    [
      "0 10 * * ? *",
      11,
      /with seconds first it is 0 10 \* \* \* \* \(next: 2026-11-23T10:10:00.000Z, 2026-11-23T11:10:00.000Z\)/,
    ],
    ["  0   10 * * ? *", 15, /without the year it is 0 10 \* \* \* /],
    ["0/5 * * * ? *", 12, /without the year it is \*\/5 \* \* \* \* \(next: 2026-11-23T10:05/],
    ["0 10 ? * 2-6 2026-2030", 13, /it is 0 10 \* \* 1-5 .*For years, use the window/],
    ["0 18 ? * MON-FRI *", 17, /what you mean: without the year it is 0 18 \* \* MON-FRI \(next: [^;]*\)$/],
    ["99 18 ? * MON-FRI *", 18, /what you mean: five fields, or six with seconds first/],
    ["cron(0 10 * * ? *)", 0, /cron\(…\) is AWS's form.*write 0 10 \* \* \*$/],
    [" cron(0 10 * * MON)", 1, /write 0 10 \* \* MON$/],
    ["cron(0 0 12 ? * MON)", 0, /write 0 0 12 \* \* MON$/],
    ["cron(0 10 * * * *)", 0, /expected are the fields alone$/],
    ["rate(5 minutes)", 0, /use a trigger of the type freq/],
    ["? 10 * * *", 0, /\? is allowed in the fields day of month and day of week alone/],
    ["0 0 * ? *", 6, /\? is allowed/],
    ["0 0 10 * ? ?", 9, /\? is allowed/],
    ["0 0 ? * ? * *", 4, /\? is allowed/],
    ["0 0 12 ? * 6-2", 11, /^6-2 runs backwards/],
    ["0 0 12 ? * MON/2", 11, /'MON\/2'/],
    ["0 0 25 ? * 2", 4, /^25 is out of range: hour must be 0 to 23$/],
    ["\t0  0 * 13 *", 8, /^13 is out of range/],
    ["0 0 * * 1, 3", 8, /has no spaces: write 0 0 \* \* 1,3$/],
    ["0 0 1 ,15 * *", 6, /has no spaces: write 0 0 1,15 \* \*$/],
    ["0 0 * * MON, WED, FRI", 8, /write 0 0 \* \* MON,WED,FRI$/],
    ["0 0 * * MON - FRI", 12, /write 0 0 \* \* MON-FRI$/],
    ["*/ 15 * * * *", 0, /write \*\/15 \* \* \* \*$/],
    ["0, * * * *", 0, /^0, has an empty item/],
    ["0 0 -1 * *", 4, /^-1 is no range/],
    ["0 0 * * JAN-", 8, /^JAN- /],
    ["*/5 * * * * */10", 12, /Seconds are the first field: did you mean \*\/10 \*\/5 /],
  ])("%j is refused at %j with a reason", (expression, position, reason) => {
    expect(() => parseTiming({ trigger: toTrigger(expression), active: null, policy: defaultPolicy }, now)).toThrow(
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

import { type CronField, joinFields } from "./cron-field.ts";
import { cronParseError } from "./errors.ts";

const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/** Indexes of the two day fields, in which alone `?` is legal, by the number of fields. */
const dayFields: Readonly<Record<number, readonly number[]>> = { 5: [2, 4], 6: [3, 5], 7: [3, 5] };

/**
 * Rewrites an expression in the dialect that EOM saves: 5 fields, or 6 with seconds first; Sunday is 0 or 7.
 *
 * An expression of 6 or 7 fields with a `?` is read as Quartz: there days of the week go from 1 (Sunday) to 7 (Saturday), `0/5`
 * is a step without a range, and the seventh field is the year.
 *
 * | given | saved | why |
 * | --- | --- | --- |
 * | `0 12 ? * MON` | `0 12 * * MON` | `?` is `*` |
 * | `0 0/5 * * * ?` | `0 0-59/5 * * * *` | Quartz's step |
 * | `0 0 12 ? * 2` | `0 0 12 * * 1` | Quartz's Monday |
 * | `0 0 * * L5` | `0 0 * * 5L` | croniter's last Friday |
 *
 * @param sent quoted in errors
 * @param fields those of `sent`; each field of the result comes from the field with its index
 * @throws CRON_PARSE_ERROR when the number of fields is wrong, or the dialect has no way to say it (years, `@reboot`)
 */
export function normaliseExpression(sent: string, fields: readonly CronField[]): string {
  if (fields[0]?.text.startsWith("@")) return requireNickname(sent, fields);
  const isQuartz = fields.length >= 6 && fields.some(({ text }) => text === "?");
  if (!isQuartz) requireFieldCount(sent, fields);
  for (const [index, field] of fields.entries()) requireDayField(sent, field, fields.length, index);
  return isQuartz ? normaliseQuartz(sent, fields) : normalisePlain(fields);
}

/**
 * The five fields that an expression of AWS means: minute, hour, day of month, month, day of week. Its sixth, the year, is left out;
 * days of the week and steps are those of Quartz.
 *
 * @throws CRON_PARSE_ERROR when a day of the week is out of range
 */
export function normaliseYearLast(sent: string, fields: readonly CronField[]): string {
  const second: CronField = { text: "0", position: 0 };
  const reading = normaliseQuartz(sent, [second, ...fields.slice(0, 5)]);
  return reading.split(" ").slice(1).map(toStarStep).join(" ");
}

/** Whole ranges of minute, hour, day of month, month and day of week. */
const wholeRanges = ["0-59", "0-23", "1-31", "1-12", "0-6"] as const;

/** People write a step through the whole range with a star in place of `0-59`. */
function toStarStep(field: string, index: number): string {
  const range = `${wholeRanges[index]}/`;
  return field.startsWith(range) ? `*/${field.slice(range.length)}` : field;
}

/** Whether `?` is where only AWS has it: six fields with the year last, so that the days are the third and the fifth. */
export function isYearLast(fields: readonly CronField[]): boolean {
  const marks = fields.flatMap(({ text }, index) => (text === "?" ? [index] : []));
  return fields.length === 6 && marks.length > 0 && marks.every((index) => index === 2 || index === 4);
}

/** @throws CRON_PARSE_ERROR */
function requireNickname(sent: string, fields: readonly CronField[]): string {
  const text = joinFields(fields);
  if (nicknames.includes(text.toLowerCase())) return text.toLowerCase();
  const hint = text.startsWith("@every") ? "; write */5 * * * * for every five minutes" : "";
  throw cronParseError(
    sent,
    `${fields[0]?.text} is not supported; expected one of ${nicknames.join(", ")}${hint}`,
    fields[0]?.position,
  );
}

/** @throws CRON_PARSE_ERROR */
function requireFieldCount(sent: string, fields: readonly CronField[]): void {
  const count = fields.length;
  if (count === 5 || count === 6) return;
  if (count === 7)
    throw cronParseError(
      sent,
      "it has 7 fields, and years are not supported: remove the seventh field",
      fields[6]?.position,
    );
  throw cronParseError(
    sent,
    `it has ${count} ${count === 1 ? "field" : "fields"}; expected 5, or 6 with seconds first`,
  );
}

/** @throws CRON_PARSE_ERROR when the field has a `?` and is no day field, or more than the `?` */
function requireDayField(sent: string, { text, position }: CronField, count: number, index: number): void {
  if (!text.includes("?")) return;
  if (text !== "?") throw cronParseError(sent, `${text} is not supported: ? must be the whole field`, position);
  if (dayFields[count]?.includes(index) || index === 6) return;
  throw cronParseError(
    sent,
    "? is allowed in the fields day of month and day of week alone: write * for every value",
    position,
  );
}

function normalisePlain(fields: readonly CronField[]): string {
  const plain = fields.map(({ text }) => toStar(text));
  return [...plain.slice(0, -1), toLastDays(plain.at(-1) ?? "")].join(" ");
}

function toStar(text: string): string {
  return text === "?" ? "*" : text;
}

/** croniter writes the last Friday of a month as `L5`, which has no other meaning. */
function toLastDays(days: string): string {
  return days.replace(/(?<=^|,)L([0-7])(?=,|$)/gi, "$1L");
}

/** The last value of each field of Quartz: second, minute, hour, day of month, month, day of week (counted from 0 by then). */
const lastValues = [59, 59, 23, 31, 12, 6] as const;

/** @throws CRON_PARSE_ERROR */
function normaliseQuartz(sent: string, fields: readonly CronField[]): string {
  const year = fields[6];
  if (year !== undefined && year.text !== "*" && year.text !== "?")
    throw cronParseError(sent, "years are not supported: remove the seventh field", year.position);
  return fields
    .slice(0, 6)
    .map((field, index) => normaliseQuartzField(sent, field, index))
    .join(" ");
}

/** @throws CRON_PARSE_ERROR */
function normaliseQuartzField(sent: string, { text, position }: CronField, index: number): string {
  const isDayOfWeek = index === 5;
  return toStar(text)
    .split(",")
    .map((item) => (isDayOfWeek ? shiftDays(sent, item, position) : item))
    .map((item) => toRangeStep(item, lastValues[index] ?? 0))
    .join(",");
}

/** `5/10` is `5-59/10`. A first value that is out of range stays, to be refused as it was written. */
function toRangeStep(item: string, last: number): string {
  return item.replace(/^(\d+)\/(\d+)$/, (whole, first: string, step: string) =>
    Number(first) > last ? whole : `${first}-${last}/${step}`,
  );
}

/**
 * Quartz's days of the week, counted from 1, to days counted from 0; `L` alone is Saturday. A number after `#` or `/` is no day.
 *
 * @throws CRON_PARSE_ERROR
 */
function shiftDays(sent: string, item: string, position: number): string {
  if (item.toUpperCase() === "L") return "6";
  return item.replace(/^(\d+)(?:-(\d+))?/, (_, first: string, last: string | undefined) =>
    [first, last]
      .filter((day) => day !== undefined)
      .map((day) => shiftDay(sent, day, position))
      .join("-"),
  );
}

/** @throws CRON_PARSE_ERROR */
function shiftDay(sent: string, day: string, position: number): string {
  const number = Number(day);
  if (number >= 1 && number <= 7) return String(number - 1);
  throw cronParseError(
    sent,
    `day of week ${day} is out of range: an expression with ? is read as Quartz, whose days go from 1 (Sunday) to 7`,
    position,
  );
}

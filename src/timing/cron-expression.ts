import { cronParseError } from "./errors.ts";

const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

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
 * @throws CRON_PARSE_ERROR when the number of fields is wrong, or the dialect has no way to say it (years, `@reboot`)
 */
export function normaliseExpression(expression: string): string {
  const text = expression.trim().replace(/\s+/g, " ");
  if (text.startsWith("@")) return requireNickname(text);
  const fields = text.split(" ");
  if (fields.length >= 6 && fields.includes("?")) return normaliseQuartz(text, fields);
  requireFieldCount(text, fields);
  const plain = fields.map((field, index) => replaceQuestionMark(text, fields, index, field));
  return [...plain.slice(0, -1), toLastDays(plain.at(-1) ?? "")].join(" ");
}

/** Index of the character at which a field begins. */
export function positionOf(fields: readonly string[], index: number): number {
  return fields.slice(0, index).reduce((sum, field) => sum + field.length + 1, 0);
}

/** @throws CRON_PARSE_ERROR */
function requireNickname(text: string): string {
  if (nicknames.includes(text.toLowerCase())) return text.toLowerCase();
  const hint = text.startsWith("@every") ? "; write */5 * * * * for every five minutes" : "";
  throw cronParseError(
    text,
    `${text.split(" ")[0]} is not supported; expected one of ${nicknames.join(", ")}${hint}`,
    0,
  );
}

/** @throws CRON_PARSE_ERROR */
function requireFieldCount(text: string, fields: readonly string[]): void {
  const count = fields.length;
  if (count === 5 || count === 6) return;
  if (count === 7)
    throw cronParseError(
      text,
      "it has 7 fields, and years are not supported: remove the seventh field",
      positionOf(fields, 6),
    );
  throw cronParseError(
    text,
    `it has ${count} ${count === 1 ? "field" : "fields"}; expected 5, or 6 with seconds first`,
  );
}

/** @throws CRON_PARSE_ERROR */
function replaceQuestionMark(text: string, fields: readonly string[], index: number, field: string): string {
  if (field === "?") return "*";
  if (!field.includes("?")) return field;
  throw cronParseError(text, `${field} is not supported: ? must be the whole field`, positionOf(fields, index));
}

/** croniter writes the last Friday of a month as `L5`, which has no other meaning. */
function toLastDays(days: string): string {
  return days.replace(/(?<=^|,)L([0-7])(?=,|$)/gi, "$1L");
}

/** The last value of each field of Quartz: second, minute, hour, day of month, month, day of week (counted from 0 by then). */
const lastValues = [59, 59, 23, 31, 12, 6] as const;

/** @throws CRON_PARSE_ERROR */
function normaliseQuartz(text: string, fields: readonly string[]): string {
  const year = fields[6];
  if (year !== undefined && year !== "*" && year !== "?")
    throw cronParseError(text, "years are not supported: remove the seventh field", positionOf(fields, 6));
  return fields
    .slice(0, 6)
    .map((field, index) => replaceQuestionMark(text, fields, index, field))
    .map((field, index) => normaliseQuartzField(text, fields, index, field))
    .join(" ");
}

function normaliseQuartzField(text: string, fields: readonly string[], index: number, field: string): string {
  const isDayOfWeek = index === 5;
  return field
    .split(",")
    .map((item) => (isDayOfWeek ? shiftDays(text, item, positionOf(fields, index)) : item))
    .map((item) => item.replace(/^(\d+)\/(\d+)$/, `$1-${lastValues[index]}/$2`))
    .join(",");
}

/**
 * Quartz's days of the week, counted from 1, to days counted from 0; `L` alone is Saturday. A number after `#` or `/` is no day.
 *
 * @throws CRON_PARSE_ERROR
 */
function shiftDays(text: string, item: string, position: number): string {
  if (item.toUpperCase() === "L") return "6";
  return item.replace(/^(\d+)(?:-(\d+))?/, (_, first: string, last: string | undefined) =>
    [first, last]
      .filter((day) => day !== undefined)
      .map((day) => shiftDay(text, day, position))
      .join("-"),
  );
}

/** @throws CRON_PARSE_ERROR */
function shiftDay(text: string, day: string, position: number): string {
  const number = Number(day);
  if (number >= 1 && number <= 7) return String(number - 1);
  throw cronParseError(
    text,
    `day of week ${day} is out of range: an expression with ? is read as Quartz, whose days go from 1 (Sunday) to 7`,
    position,
  );
}

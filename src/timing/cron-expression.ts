import { cronParseError } from "./errors.ts";

const nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/**
 * Brings an expression into the dialect that EOM keeps: 5 fields, or 6 with seconds first, Sunday as 0 or 7, `*` for `?`.
 *
 * Quartz writes `?` in one of the two day fields, counts days from Sunday as 1, and takes `0/5` and a seventh field for the
 * year. An expression of 6 or 7 fields that has a `?` is read as Quartz would.
 *
 * @throws CRON_PARSE_ERROR when it has another shape, or says what this dialect cannot
 */
export function normaliseExpression(expression: string): string {
  const text = expression.trim().replace(/\s+/g, " ");
  if (text.startsWith("@")) return requireNickname(text);
  const fields = text.split(" ");
  const isQuartz = fields.length >= 6 && (fields.includes("?") || fields.at(5) === "?");
  if (isQuartz) return normaliseQuartz(text, fields);
  if (fields.length === 7)
    throw cronParseError(
      text,
      "it has 7 fields, and years cannot be given: write the first six",
      positionOf(fields, 6),
    );
  if (fields.length !== 5 && fields.length !== 6)
    throw cronParseError(text, `it has ${fields.length} fields, wanted 5, or 6 with seconds first`);
  const plain = fields.map((field, index) => requirePlainMark(text, fields, index, field));
  return [...plain.slice(0, -1), toLastDays(plain.at(-1) ?? "")].join(" ");
}

/** croniter writes the last Friday of a month as `L5`, which means nothing else. */
function toLastDays(days: string): string {
  return days.replace(/(?<=^|,)L([0-7])(?=,|$)/gi, "$1L");
}

/** Where the field begins in the expression, from 0. */
export function positionOf(fields: readonly string[], index: number): number {
  return fields.slice(0, index).reduce((sum, field) => sum + field.length + 1, 0);
}

function requireNickname(text: string): string {
  if (nicknames.includes(text.toLowerCase())) return text.toLowerCase();
  const hint = text.startsWith("@every") ? "; every five minutes is */5 * * * *" : "";
  throw cronParseError(text, `${text.split(" ")[0]} is not known, only ${nicknames.join(", ")}${hint}`, 0);
}

function requirePlainMark(text: string, fields: readonly string[], index: number, field: string): string {
  if (field === "?") return "*";
  if (!field.includes("?")) return field;
  throw cronParseError(text, "? stands alone in its field", positionOf(fields, index));
}

/** The least and the most of Quartz's fields: second, minute, hour, day of month, month, day of week (already from 0). */
const bounds = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

function normaliseQuartz(text: string, fields: readonly string[]): string {
  const year = fields[6];
  if (year !== undefined && year !== "*" && year !== "?")
    throw cronParseError(text, "years cannot be given: leave the seventh field out", positionOf(fields, 6));
  const plain = fields.slice(0, 6).map((field, index) => requirePlainMark(text, fields, index, field));
  return plain
    .map((field, index) =>
      field
        .split(",")
        .map((item) => toOurs(item, index, () => positionOf(fields, index), text))
        .join(","),
    )
    .join(" ");
}

function toOurs(item: string, index: number, position: () => number, text: string): string {
  const ours = index === 5 ? toOurDays(item, position, text) : item;
  const step = /^(\d+)\/(\d+)$/.exec(ours);
  return step === null ? ours : `${step[1]}-${bounds[index]?.[1]}/${step[2]}`;
}

/** Day of week: numbers go from 1 to 7 with Sunday first; `L` alone is Saturday. What follows `#` or `/` is no day. */
function toOurDays(item: string, position: () => number, text: string): string {
  if (item.toUpperCase() === "L") return "6";
  return item.replace(/^(\d+)(?:-(\d+))?/, (_, first: string, last: string | undefined) =>
    [first, last]
      .filter((day) => day !== undefined)
      .map((day) => {
        const number = Number(day);
        if (number >= 1 && number <= 7) return String(number - 1);
        throw cronParseError(
          text,
          `with a ? it is read as Quartz, whose days go from 1 (Sunday) to 7, not ${day}`,
          position(),
        );
      })
      .join("-"),
  );
}

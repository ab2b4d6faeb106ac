import { positionOf } from "./cron-expression.ts";

/** What croner found wrong with an expression, and what to write instead where it can be guessed. */
export function explainFault(
  expression: string,
  error: unknown,
  isParsed: (expression: string) => boolean,
): { readonly reason: string; readonly position: number | undefined } {
  const fields = expression.split(" ");
  const index = findWrongField(fields, isParsed);
  const told = (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: /, "");
  return {
    reason: `${toSentence(fields, index, told)}${hintAtSeconds(fields, isParsed)}`,
    position: index === -1 ? undefined : positionOf(fields, index),
  };
}

/** The first field that is wrong by itself, tried alone among wildcards. */
function findWrongField(fields: readonly string[], isParsed: (expression: string) => boolean): number {
  return fields.findIndex((field, at) => !isParsed(fields.map((_, other) => (other === at ? field : "*")).join(" ")));
}

const ranges = [
  "second goes from 0 to 59",
  "minute goes from 0 to 59",
  "hour goes from 0 to 23",
  "day of month goes from 1 to 31",
  "month goes from 1 to 12",
  "day of week goes from 0 (Sunday) to 6, 7 is Sunday too",
];

function toSentence(fields: readonly string[], index: number, told: string): string {
  const field = fields[index] ?? "";
  if (/^[HR]($|[(/])/i.test(field))
    return `${field} is not known: write a number, and let the policy's spread_seconds keep schedules apart`;
  if (/From value is larger/.test(told))
    return `${field} goes backwards: write a range that passes the end as two, as 22-23,0-2 for 22-2`;
  if (/^L$/i.test(field)) return "L alone is no day of week: 5L is the last Friday of the month, 6 is Saturday";
  // croner tells days and months one too low.
  if (/Invalid value for/.test(told)) return `${field} does not fit: ${ranges.at(index - fields.length)}`;
  return told;
}

/** croniter, which EOM's predecessor used, has seconds last. */
function hintAtSeconds(fields: readonly string[], isParsed: (expression: string) => boolean): string {
  if (fields.length !== 6) return "";
  const turned = [fields.at(-1), ...fields.slice(0, -1)].join(" ");
  return isParsed(turned) ? `. Seconds come first: is ${turned} what is meant?` : "";
}

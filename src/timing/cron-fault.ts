import { positionOf } from "./cron-expression.ts";

/**
 * Turns croner's error into a reason that names the wrong field and, where a guess is possible, the right expression.
 *
 * @param isParsed whether croner accepts an expression
 * @returns `position`: index in `expression` of the wrong field; undefined when every field is right by itself
 */
export function explainCronFault(
  expression: string,
  error: unknown,
  isParsed: (expression: string) => boolean,
): { readonly reason: string; readonly position: number | undefined } {
  const fields = expression.split(" ");
  const index = findWrongField(fields, isParsed);
  const message = (error instanceof Error ? error.message : String(error)).replace(/^CronPattern: |\.$/g, "");
  return {
    reason: `${toSentence(fields, index, message)}${suggestSecondsFirst(fields, isParsed)}`,
    position: index === -1 ? undefined : positionOf(fields, index),
  };
}

/** Index of the first field that croner refuses when all other fields are `*`; -1 when there is none. */
function findWrongField(fields: readonly string[], isParsed: (expression: string) => boolean): number {
  return fields.findIndex((field, at) => !isParsed(fields.map((_, other) => (other === at ? field : "*")).join(" ")));
}

const ranges = [
  "second must be 0 to 59",
  "minute must be 0 to 59",
  "hour must be 0 to 23",
  "day of month must be 1 to 31",
  "month must be 1 to 12",
  "day of week must be 0 (Sunday) to 6, or 7 for Sunday",
];

function toSentence(fields: readonly string[], index: number, message: string): string {
  const field = fields[index] ?? "";
  if (/^[HR]($|[(/])/i.test(field))
    return `${field} is not supported: write a number, and set the policy's spread_seconds so that schedules start apart`;
  if (/From value is larger/.test(message))
    return `${field} runs backwards: split the range where the field begins again, for example 22-23,0-2 in place of 22-2`;
  if (/^L$/i.test(field))
    return "L alone is no day of the week: write 5L for the last Friday of the month, or 6 for Saturday";
  // croner's own message has days and months one too low.
  if (/Invalid value for/.test(message)) return `${field} is out of range: ${ranges.at(index - fields.length)}`;
  return message;
}

/** croniter, which EOM's predecessor used, has seconds as the last field. */
function suggestSecondsFirst(fields: readonly string[], isParsed: (expression: string) => boolean): string {
  if (fields.length !== 6) return "";
  const suggestion = [fields.at(-1), ...fields.slice(0, -1)].join(" ");
  return isParsed(suggestion) ? `. Seconds are the first field: did you mean ${suggestion}?` : "";
}

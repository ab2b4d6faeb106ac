import { type CronField, joinFields } from "./cron-field.ts";

/**
 * Turns croner's error into a reason that names the wrong field as it was sent and, where a guess is possible, the right expression.
 *
 * @param normalised the expression that croner refused; its fields have the indexes of `fields`
 * @param isParsed whether croner accepts an expression
 * @returns `position`: index in the sent expression of the wrong field; undefined when every field is right by itself
 */
export function explainCronFault(
  fields: readonly CronField[],
  { normalised, message }: { readonly normalised: string; readonly message: string },
  isParsed: (expression: string) => boolean,
): { readonly reason: string; readonly position: number | undefined } {
  const index = findWrongField(normalised.split(" "), isParsed);
  const sentence = toSentence(fields, index, message.replace(/^CronPattern: |\.$/g, ""));
  return { reason: `${sentence}${suggestReading(fields, isParsed)}`, position: fields[index]?.position };
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

/** @param message croner's. It quotes a field with names as numbers and Quartz's days rewritten; days and months are one too low */
function toSentence(fields: readonly CronField[], index: number, message: string): string {
  const field = fields[index]?.text;
  if (field === undefined) return message;
  if (/^[HR]($|[(/])/i.test(field))
    return `${field} is not supported: write a number, and set the policy's spread_seconds so that schedules start apart`;
  if (/From value is larger/.test(message))
    return `${field} runs backwards: split the range where the field begins again, for example 22-23,0-2 in place of 22-2`;
  if (/^L$/i.test(field))
    return "L alone is no day of the week: write 5L for the last Friday of the month, or 6 for Saturday";
  if (/Invalid value for/.test(message)) return `${field} is out of range: ${ranges.at(index - fields.length)}`;
  if (/illegal characters/.test(message)) return `${field} has illegal characters`;
  if (/NaN/.test(message)) return `${field} is no range: write its first and last value, like 1-5`;
  if (/nth weekday out of range/.test(message))
    return `${field} is out of range: the number after # should be 1-5 or L`;
  return message.replace(/'[^']*'/g, () => `'${field}'`);
}

/** Guesses what is the last of six fields that croner refuses, unless a `?` says that they are Quartz's. */
function suggestReading(fields: readonly CronField[], isParsed: (expression: string) => boolean): string {
  const last = fields.at(-1);
  if (last === undefined || fields.length !== 6 || fields.some(({ text }) => text === "?")) return "";
  return isYear(last.text) ? suggestNoYear(fields, last, isParsed) : suggestSecondsFirst(fields, last, isParsed);
}

function isYear(field: string): boolean {
  return field === "*" || /^\d{4}([-,/]\d+)*$/.test(field);
}

function suggestNoYear(
  fields: readonly CronField[],
  last: CronField,
  isParsed: (expression: string) => boolean,
): string {
  const suggestion = joinFields(fields.slice(0, -1));
  if (!isParsed(suggestion)) return "";
  return `. Six fields begin with the second, and none is the year: if ${last.text} is the year, write ${suggestion}`;
}

/** croniter, which EOM's predecessor used, has seconds as the last field. */
function suggestSecondsFirst(
  fields: readonly CronField[],
  last: CronField,
  isParsed: (expression: string) => boolean,
): string {
  const suggestion = joinFields([last, ...fields.slice(0, -1)]);
  return isParsed(suggestion) ? `. Seconds are the first field: did you mean ${suggestion}?` : "";
}

import { isYearLast, normaliseExpression, normaliseYearLast } from "./cron-expression.ts";
import { explainCronFault } from "./cron-fault.ts";
import { type CronField, joinFields, splitFields } from "./cron-field.ts";
import { findCronerFault } from "./croner.ts";
import { cronParseError } from "./errors.ts";

/** Lists the next instants of an expression that croner accepts, as texts. */
type ListNext = (expression: string) => readonly string[];

/**
 * Parses an expression to the form that EOM saves. Errors quote the expression as it was sent.
 *
 * @param listNext shows what a reading means when an expression has two
 * @throws CRON_PARSE_ERROR
 */
export function parseExpression(sent: string, listNext: ListNext): string {
  refuseAwsWrapper(sent);
  const fields = splitFields(sent);
  refuseSpaceInField(sent, fields);
  if (isYearLast(fields)) refuseYearLast(sent, fields, listNext);
  const normalised = normaliseExpression(sent, fields);
  const message = findCronerFault(normalised);
  if (message === null) return normalised;
  const { reason, position } = explainCronFault(fields, { normalised, message }, isParsed);
  throw cronParseError(sent, reason, position);
}

function isParsed(expression: string): boolean {
  return findCronerFault(expression) === null;
}

/**
 * AWS writes `cron(0 10 * * ? *)` and `rate(5 minutes)`.
 *
 * @throws CRON_PARSE_ERROR
 */
function refuseAwsWrapper(sent: string): void {
  const text = sent.trim();
  const position = sent.length - sent.trimStart().length;
  if (/^rate\(/i.test(text))
    throw cronParseError(
      sent,
      'rate(…) is AWS\'s form: use a trigger of the type freq, for example with "every": 5 and "unit": "minute"',
      position,
    );
  const inner = /^cron\((.*)\)$/is.exec(text)?.[1];
  if (inner === undefined) return;
  const reading = readInner(splitFields(inner), inner);
  const hint = reading === null ? "" : `: write ${reading}`;
  throw cronParseError(sent, `cron(…) is AWS's form; expected are the fields alone${hint}`, position);
}

/** The meaning of the fields in `cron(…)`; null when they have none, or two: six fields without a `?`. */
function readInner(fields: readonly CronField[], inner: string): string | null {
  if (isYearLast(fields)) return readYearLast(inner, fields);
  const isClear = fields.length === 5 || fields.some(({ text }) => text === "?");
  return isClear ? attempt(() => normaliseExpression(inner, fields)) : null;
}

/** The five fields of AWS's six; null when they have no meaning. */
function readYearLast(sent: string, fields: readonly CronField[]): string | null {
  return attempt(() => normaliseYearLast(sent, fields));
}

/** The result of `normalise`; null when it throws, or croner refuses the result. */
function attempt(normalise: () => string): string | null {
  try {
    const expression = normalise();
    return isParsed(expression) ? expression : null;
  } catch {
    return null;
  }
}

/**
 * Refuses `0 10 * * ? *`: to AWS it is every day at 10:00, and with seconds first it would be every hour.
 *
 * @throws CRON_PARSE_ERROR with both readings and their next instants
 */
function refuseYearLast(sent: string, fields: readonly CronField[], listNext: ListNext): never {
  const year = fields[5];
  const starred = fields.map((field) => (field.text === "?" ? { ...field, text: "*" } : field));
  const daily = readYearLast(sent, fields);
  const secondsFirst = attempt(() => normaliseExpression(sent, starred));
  const show = (expression: string) => `${expression} (next: ${listNext(expression).join(", ") || "never"})`;
  const readings = [
    ...(daily === null ? [] : [`without the year it is ${show(daily)}`]),
    ...(secondsFirst === null ? [] : [`with seconds first it is ${show(secondsFirst)}`]),
  ];
  const window = year?.text === "*" ? "" : ". For years, use the window's start_date and end_date";
  throw cronParseError(
    sent,
    `six fields with ? in the third or fifth are AWS's form, whose last field is the year; here six fields begin with the second. Write what you mean: ${readings.join("; ") || "five fields, or six with seconds first"}${window}`,
    year?.position,
  );
}

/**
 * Refuses a field that begins or ends with a comma, hyphen or slash, if the expression is right without the space there.
 *
 * @throws CRON_PARSE_ERROR
 */
function refuseSpaceInField(sent: string, fields: readonly CronField[]): void {
  const field = fields.find(({ text }) => /^[,/-]|[,/-]$/.test(text));
  if (field === undefined) return;
  const closed = sent.trim().replace(/\s*([,/-])\s*/g, "$1");
  const closedFields = splitFields(closed);
  const isRight =
    closedFields.length < fields.length && attempt(() => normaliseExpression(closed, closedFields)) !== null;
  if (isRight)
    throw cronParseError(
      sent,
      `a list, range or step has no spaces: write ${joinFields(closedFields)}`,
      field.position,
    );
  if (/^,|,$/.test(field.text))
    throw cronParseError(
      sent,
      `${field.text} has an empty item: a list has no spaces, and no comma at its end`,
      field.position,
    );
}

import { isUuid } from "../id.ts";
import { z } from "./schema.ts";

/** Names are shown in tables, logs and terminals, where control characters would act. */
function onOneLine(text: z.ZodString) {
  return (
    text
      .max(255, "must have at most 255 characters")
      .regex(/^\P{Cc}*$/u, "must have no control characters, such as a line break")
      // The same pattern for clients whose regular expressions know no Unicode properties.
      .openapi({ pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$" })
  );
}

/** A name, without blanks around it. Unique names are compared without regard to case ({@link foldCase}). */
export const nameField = onOneLine(z.string().trim().min(1, "must have 1 to 255 characters, got none")).describe(
  "A text on one line, without blanks around it, unique among objects of its kind without regard to case.",
);

/** Text of several lines: of control characters, it may have tabs and line breaks. */
export const textField = z
  .string()
  .max(4000, "must have at most 4000 characters")
  .regex(/^[\P{Cc}\t\n\r]*$/u, "must have no control characters but tabs and line breaks")
  .openapi({ pattern: "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$" });

/** Free text, or null. */
export const descriptionField = textField.nullable().describe("Free text for people; null if there is none.");

const labelName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
    "must have 1 to 63 of letters, digits and . _ / -, a letter or digit first",
  );

/** Up to 16 labels; lists can be filtered by them (`label=team:eu`). */
export const labelsField = z
  .record(z.string(), z.unknown())
  .refine((labels) => Object.keys(labels).length <= 16, "must have at most 16 labels")
  // After the count, so that thousands of labels are one issue.
  .pipe(z.record(labelName, onOneLine(z.string())))
  .openapi("Labels", {
    type: "object",
    additionalProperties: { type: "string" },
    maxProperties: 16,
    description:
      "The caller's own names and values, at most 16, by which lists can be filtered: `label=team:eu`. A name has 1 to 63 letters, digits and . _ / -.",
    example: { team: "eu" },
  });

/** An instant in an answer: RFC 3339 in UTC with milliseconds. */
export const timeField = z.string().openapi({ format: "date-time", example: "2026-11-23T10:00:00.000Z" });

/** An instant in a request. Years from 1 to 9999: PostgreSQL and RFC 3339 write no others alike. */
export const instantField = z.iso
  .datetime({ offset: true, error: "must be a time like 2026-11-23T10:00:00.000Z" })
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999, "must be a year from 1 to 9999, in UTC")
  .openapi({ type: "string", format: "date-time", example: "2026-11-23T10:00:00.000Z" });

/**
 * A time zone by its IANA name, in any case: `Europe/Berlin`, `Etc/GMT+5`. Offsets such as `+02:00` and abbreviations such as `PST`
 * are refused. A zone of a quota's period must also pass `requireKnownTimeZone`, because the database computes periods.
 */
export const timeZoneField = z
  .string()
  .max(64)
  .refine(isTimeZone, "must be a time zone by its IANA name, like Europe/Berlin")
  .openapi({ example: "Europe/Berlin" });

/**
 * Asks Temporal, which computes wall clocks, and Intl, by which croner computes cron expressions with a step. Their lists differ:
 * Intl also knows `PST`, `BST` (as Asia/Dhaka), `US/Pacific-New` and `SystemV/PST8PDT`, which Temporal cannot compute.
 */
export function isTimeZone(name: string): boolean {
  // Temporal also reads the zone of a whole timestamp, such as 2026-01-01T00:00Z[Europe/Berlin].
  if (!/^[A-Za-z]/.test(name)) return false;
  // Only ICU has these. The polyfill of Temporal, for Fission's Node 22, accepts them because Intl does.
  if (name.startsWith("SystemV/")) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A whole number from `min` to 2^53-1, up to which JSON's numbers are exact; also as a string of digits. */
function quantity(min: number) {
  const error = `must be a whole number from ${min} to ${Number.MAX_SAFE_INTEGER}`;
  return z
    .union([z.number(), z.string().regex(/^-?\d{1,16}$/)], { error })
    .transform(Number)
    .pipe(z.number().refine((number) => Number.isSafeInteger(number) && number >= min, error))
    .openapi({ type: "integer", format: "int64", minimum: min, maximum: Number.MAX_SAFE_INTEGER });
}

/** 0 to 2^53-1. */
export const quantityField = quantity(0);

/** 1 to 2^53-1. */
export const positiveQuantityField = quantity(1);

/** -(2^53-1) to 2^53-1. */
export const signedQuantityField = quantity(Number.MIN_SAFE_INTEGER);

/**
 * The id of an object in a path. A UUID comes out in lower case, as the database writes it: a path in upper case is the same
 * request, and the audit trail has one spelling of an id. Any other text names nothing, which `requireRow` answers with 404.
 *
 * @param kind the kind of the object, such as `storage`
 */
export function pathId(kind: string) {
  return z
    .string()
    .transform((id) => (isUuid(id) ? id.toLowerCase() : id))
    .openapi({
      type: "string",
      format: "uuid",
      description: `The id of the ${kind}. A text that is no UUID names no ${kind}: the answer is 404.`,
      example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
    });
}

/** An id in an answer; `idParameter` of paging.ts is for requests. */
export const idField = z.string().openapi({
  format: "uuid",
  description: "The id of the object: a UUID, which never changes.",
  example: "01a22d55-0769-76ce-9cb1-5fef819015ca",
});

/** The history of an object: its creation, its last change, and its version, which counts changes from 1. */
export const historyFields = {
  created: timeField.describe("When the object was created."),
  created_by: z.string().openapi({ description: "The caller that created the object.", example: "alice" }),
  modified: timeField.describe("When the object last changed: its creation, if nothing changed since."),
  modified_by: z.string().openapi({ description: "The caller that made the last change.", example: "alice" }),
  version: z
    .int()
    .min(1)
    .openapi({ description: "Counts the changes of the object from 1; its entity tag in quotes.", example: 1 }),
};

/** The key by which names are unique and sorted without regard to case, alike on every database. */
export function foldCase(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

/** The form of {@link timeField}; null stays null. */
export function toTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}

import { parseMerged } from "../platform/http/parse-merged.ts";
import { instantField, timeZoneField } from "../platform/resource/fields.ts";
import { mergeTyped } from "../platform/resource/partial.ts";
import { z } from "../platform/resource/schema.ts";

const atField = instantField.transform((at) => at.toISOString());

const unitField = z.enum(["day", "week", "month", "year"], { error: "must be day, week, month or year" });

/** Ten years of days. The longest expiry, 3650 years after an assignment, stays below the year 9999. */
const maxAmount = 3650;

const amountField = z
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(maxAmount, `must be at most ${maxAmount}`);

/** When a quota ends, or when its count starts again. `after` adds calendar units in UTC to the time of the assignment. */
export const expireSchema = z
  .discriminatedUnion(
    "type",
    [
      z.strictObject({ type: z.literal("never") }),
      z.strictObject({ type: z.literal("at"), at: atField }),
      z.strictObject({ type: z.literal("after"), amount: amountField, unit: unitField }),
      z.strictObject({ type: z.literal("every"), unit: unitField, time_zone: timeZoneField.default("UTC") }),
    ],
    { error: "must have a type of never, at, after or every" },
  )
  .openapi("QuotaExpire");

/** A change of a rule; {@link expireSchema} decides whether the merged rule is one. No field has a default. */
export const expireChangeSchema = z
  .strictObject({
    type: z.enum(["never", "at", "after", "every"], { error: "must be never, at, after or every" }),
    at: atField.openapi({ type: "string", format: "date-time" }),
    amount: amountField,
    unit: unitField,
    time_zone: timeZoneField,
  })
  .partial()
  .openapi("QuotaExpireChange", {
    description:
      "With the rule's own type, or without a type, an omitted field keeps its value. Another type replaces the whole rule.",
  });

/** The rule after a change. @throws VALIDATION_ERROR with issues below /expire */
export function mergeExpire(before: Expire, change: z.output<typeof expireChangeSchema> | undefined): Expire {
  return change === undefined ? before : parseMerged(expireSchema, "expire", mergeTyped(before, change));
}

/** A rule of expiry with its defaults filled in, as it is stored. */
export type Expire = z.output<typeof expireSchema>;

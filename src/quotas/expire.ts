import { parseMerged } from "../platform/http/parse-merged.ts";
import { instantField, timeZoneField } from "../platform/resource/fields.ts";
import { mergeTyped } from "../platform/resource/partial.ts";
import { z } from "../platform/resource/schema.ts";

const atField = instantField
  .transform((at) => at.toISOString())
  .openapi({
    type: "string",
    format: "date-time",
    description: "The quota expires for all users at this time.",
    example: "2026-12-31T23:00:00.000Z",
  });

const unitField = z
  .enum(["day", "week", "month", "year"], { error: "must be day, week, month or year" })
  .describe("A unit of the calendar; a week begins on Monday.");

const zoneField = timeZoneField.openapi({ description: "The IANA name of the time zone in which each period begins." });

/** Ten years of days. The longest expiry, 3650 years after an assignment, stays below the year 9999. */
const maxAmount = 3650;

const amountField = z
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(maxAmount, `must be at most ${maxAmount}`)
  .openapi({ description: "Number of units after the assignment, by the calendar in UTC.", example: 1 });

const typeDescription = "The rule of expiry.";

/** When a quota ends, or when its count starts again. `after` adds calendar units in UTC to the time of the assignment. */
export const expireSchema = z
  .discriminatedUnion(
    "type",
    [
      z
        .strictObject({ type: z.literal("never").describe(typeDescription) })
        .openapi("ExpireNever", { description: "The quota never expires." }),
      z
        .strictObject({ type: z.literal("at").describe(typeDescription), at: atField })
        .openapi("ExpireAt", { description: "The quota expires for all users at the same time." }),
      z
        .strictObject({ type: z.literal("after").describe(typeDescription), amount: amountField, unit: unitField })
        .openapi("ExpireAfter", {
          description: "The quota expires for each user some time after its assignment to this user.",
        }),
      z
        .strictObject({
          type: z.literal("every").describe(typeDescription),
          unit: unitField,
          time_zone: zoneField.default("UTC"),
        })
        .openapi("ExpireEvery", {
          description: "The count starts again with each calendar period. Not for the type MaxSize.",
        }),
    ],
    { error: "must have a type of never, at, after or every" },
  )
  .openapi("QuotaExpire", { description: "When the quota ends, or when its count starts again." });

/** A change of a rule; {@link expireSchema} decides whether the merged rule is one. No field has a default. */
export const expireChangeSchema = z
  .strictObject({
    type: z
      .enum(["never", "at", "after", "every"], { error: "must be never, at, after or every" })
      .describe(`${typeDescription} It decides which of the other fields are accepted.`),
    at: atField,
    amount: amountField,
    unit: unitField,
    time_zone: zoneField,
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

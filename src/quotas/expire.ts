import { instantField, timeZoneField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

const unitField = z.enum(["day", "week", "month", "year"], { error: "must be day, week, month or year" });

/** Ten years of days. The longest expiry, 3650 years after an assignment, stays below the year 9999. */
const maxAmount = 3650;

/** When a quota ends, or when its count starts again. `after` adds calendar units in UTC to the time of the assignment. */
export const expireSchema = z
  .discriminatedUnion(
    "type",
    [
      z.strictObject({ type: z.literal("never") }).openapi("ExpireNever"),
      z
        .strictObject({ type: z.literal("at"), at: instantField.transform((at) => at.toISOString()) })
        .openapi("ExpireAt"),
      z
        .strictObject({
          type: z.literal("after"),
          amount: z
            .int("must be a whole number")
            .min(1, "must be at least 1")
            .max(maxAmount, `must be at most ${maxAmount}`),
          unit: unitField,
        })
        .openapi("ExpireAfter"),
      z
        .strictObject({ type: z.literal("every"), unit: unitField, time_zone: timeZoneField.default("UTC") })
        .openapi("ExpireEvery"),
    ],
    { error: "must have a type of never, at, after or every" },
  )
  .openapi("QuotaExpire");

/** A rule of expiry with its defaults filled in, as it is stored. */
export type Expire = z.output<typeof expireSchema>;

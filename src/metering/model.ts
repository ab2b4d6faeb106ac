import { idField, signedQuantityField, timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";
import { quotaTypeField } from "../quotas/quota-type.ts";
import { usageSchema } from "../quotas/standing/usage-schema.ts";
import { amountsField, amountsSchema } from "./amounts.ts";

/** The body of a check. */
export const checkUsageSchema = z
  .strictObject({ amounts: amountsSchema })
  .openapi("CheckUsage", { description: "The amounts that a consume would count." });

const signedAmountsSchema = amountsField(signedQuantityField).openapi("SignedAmounts", {
  description: "Amounts of at least one type; negative amounts give back, and types that are left out are not counted.",
});

/** The body of a consume; negative amounts give back. */
export const consumeUsageSchema = z
  .strictObject({ amounts: signedAmountsSchema })
  .openapi("ConsumeUsage", { description: "The amounts to count, if all are allowed." });

/** The body of an adjust; negative amounts give back. */
export const adjustUsageSchema = z
  .strictObject({ amounts: signedAmountsSchema })
  .openapi("AdjustUsage", { description: "The amounts to count, even beyond the limit." });

const violationSchema = z
  .object({
    quota_id: idField.nullable().describe("The user's quota of this type; null if the user has none."),
    type: quotaTypeField,
    limit: z.int().nullable().describe("The limit that applies to the user; null is unlimited."),
    used: z.int().describe("Counted before this request."),
    reserved: z.int().describe("Reserved by open reservations before this request."),
    requested: z.int().describe("The amount of this request."),
    resets_at: timeField.nullable().describe("When the count starts again; null for a quota without periods."),
    reason: z
      .enum(["limit", "expired", "disabled", "no_quota"])
      .describe("limit: the amounts would exceed the limit; no_quota: the user has no quota of this type."),
  })
  .openapi("QuotaViolation", { description: "Why one type of a request is refused. Amounts are orders or bytes." });

/** Why one type of a request is refused. */
export type Violation = z.infer<typeof violationSchema>;

/** By type; a type of which the user has no quota is left out. */
const usagesSchema = z
  .partialRecord(
    quotaTypeField,
    usageSchema
      .extend({ quota_id: idField.describe("The user's quota of this type.") })
      .openapi("MeteredUsage", { description: "Where a user stands with the quota of one type." }),
  )
  .openapi("UsageByType", { description: "By type; a type of which the user has no quota is left out." });

/** The answer to check, consume and adjust. */
export const meteringSchema = z
  .object({
    allowed: z.boolean().describe("Whether all amounts are allowed. Always true for what was counted."),
    violations: z.array(violationSchema).describe("One for each refused type; empty if all amounts are allowed."),
    usage: usagesSchema.openapi({ description: "The usage right after the request, by type." }),
  })
  .openapi("Metering", { description: "The answer to check, consume and adjust." });

/** The answer to check, consume and adjust: the usage is that right after the request. */
export type Metering = z.infer<typeof meteringSchema>;

/** A user's usage of every type, in answers. */
export const userUsageSchema = z
  .object({
    user_id: z.string().openapi({ description: "The platform's id of the user.", example: "user123" }),
    usage: usagesSchema,
  })
  .openapi("UserUsage", { description: "A user's usage of every type." });

import { idField, quantityField, signedQuantityField, timeField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";
import { quotaTypeField } from "../quotas/quota-type.ts";
import { usageSchema } from "../quotas/standing/usage-schema.ts";
import { amountsField } from "./amounts.ts";

/** The body of a check. */
export const checkUsageSchema = z.strictObject({ amounts: amountsField(quantityField) }).openapi("CheckUsage");

/** The body of a consume; negative amounts give back. */
export const consumeUsageSchema = z
  .strictObject({ amounts: amountsField(signedQuantityField) })
  .openapi("ConsumeUsage");

/** The body of an adjust; negative amounts give back. */
export const adjustUsageSchema = z.strictObject({ amounts: amountsField(signedQuantityField) }).openapi("AdjustUsage");

const violationSchema = z
  .object({
    quota_id: idField.nullable(),
    type: quotaTypeField,
    limit: z.int().nullable(),
    used: z.int(),
    reserved: z.int(),
    requested: z.int(),
    resets_at: timeField.nullable(),
    reason: z.enum(["limit", "expired", "disabled", "no_quota"]),
  })
  .openapi("QuotaViolation");

/** Why one type of a request is refused. */
export type Violation = z.infer<typeof violationSchema>;

/** By type; a type of which the user has no quota is left out. */
const usagesSchema = z.partialRecord(quotaTypeField, usageSchema.extend({ quota_id: idField }).openapi("MeteredUsage"));

/** The answer to check, consume and adjust. */
export const meteringSchema = z
  .object({ allowed: z.boolean(), violations: z.array(violationSchema), usage: usagesSchema })
  .openapi("Metering");

/** The answer to check, consume and adjust: the usage is that right after the request. */
export type Metering = z.infer<typeof meteringSchema>;

/** A user's usage of every type, in answers. */
export const userUsageSchema = z.object({ user_id: z.string(), usage: usagesSchema }).openapi("UserUsage");

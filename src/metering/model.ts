import {
  idField,
  positiveQuantityField,
  quantityField,
  signedQuantityField,
  timeField,
} from "../platform/resource/fields.ts";
import { idParameter, pageParameters, timeParameter } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { type QuotaType, quotaTypeField, quotaTypes, usageSchema } from "../quotas/model.ts";

/** By type. A type that is left out is not asked about. */
export type Amounts = { readonly [Type in QuotaType]?: number | undefined };

function amountsField<Amount extends z.ZodType<number>>(amount: Amount) {
  return z
    .strictObject({ MaxOrderTimes: amount.optional(), MaxSize: amount.optional() })
    .refine((amounts) => listAmounts(amounts).length > 0, "wants an amount of at least one type")
    .openapi({ example: { MaxOrderTimes: 1, MaxSize: 1_048_576 } });
}

/** In the order in which answers list types. */
export function listAmounts(amounts: Amounts): { type: QuotaType; amount: number }[] {
  return quotaTypes.flatMap((type) => {
    const amount = amounts[type];
    return amount === undefined ? [] : [{ type, amount }];
  });
}

export const checkUsageSchema = z.strictObject({ amounts: amountsField(quantityField) }).openapi("CheckUsage");

/** Negative amounts give back. */
export const consumeUsageSchema = z
  .strictObject({ amounts: amountsField(signedQuantityField) })
  .openapi("ConsumeUsage");

export const adjustUsageSchema = z.strictObject({ amounts: amountsField(signedQuantityField) }).openapi("AdjustUsage");

const maxTtlSeconds = 7 * 86_400;

export const reserveSchema = z
  .strictObject({
    amounts: amountsField(positiveQuantityField),
    ttl_seconds: z
      .int("wants a whole number of seconds")
      .min(1, "wants at least 1 second")
      .max(maxTtlSeconds, `wants at most ${maxTtlSeconds} seconds, which are 7 days`)
      .default(900),
  })
  .openapi("ReserveUsage");

/** Without amounts, all that was reserved. */
export const commitSchema = z
  .strictObject({ amounts: amountsField(quantityField).optional() })
  .openapi("CommitReservation");

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

export type Violation = z.infer<typeof violationSchema>;

/** By type; a type of which the user has no quota is not there. */
const usagesSchema = z.partialRecord(quotaTypeField, usageSchema.extend({ quota_id: idField }).openapi("MeteredUsage"));

export const meteringSchema = z
  .object({ allowed: z.boolean(), violations: z.array(violationSchema), usage: usagesSchema })
  .openapi("Metering");

export type Metering = z.infer<typeof meteringSchema>;

export const userUsageSchema = z.object({ user_id: z.string(), usage: usagesSchema }).openapi("UserUsage");

const typeAmounts = z.partialRecord(quotaTypeField, z.int());

export const reservationSchema = z
  .object({
    id: idField,
    user_id: z.string(),
    state: z.enum(["open", "committed", "released", "expired"]),
    amounts: typeAmounts.openapi({ description: "What was reserved." }),
    committed: typeAmounts.nullable().openapi({ description: "What was used of it; null unless it is committed." }),
    expires_at: timeField,
    created: timeField,
    closed: timeField.nullable(),
  })
  .openapi("Reservation");

export type Reservation = z.infer<typeof reservationSchema>;

const ledgerKinds = ["consume", "adjust", "reserve", "commit", "release", "expire"] as const;

export const ledgerEntrySchema = z
  .object({
    id: idField,
    type: quotaTypeField,
    amount: z.int().openapi({
      description:
        "consume, adjust, commit: what was added to used. reserve: what was added to reserved. release, expire: what came back of it, negative.",
    }),
    kind: z.enum(ledgerKinds),
    reservation_id: idField.nullable(),
    created: timeField,
    created_by: z.string(),
  })
  .openapi("LedgerEntry");

const ledgerFilters = {
  type: z.array(quotaTypeField).max(2).optional(),
  kind: z.array(z.enum(ledgerKinds)).max(ledgerKinds.length).optional(),
  reservation_id: z.array(idParameter).max(100).optional(),
  created_from: timeParameter.optional(),
  created_to: timeParameter.optional(),
};

export const ledgerFilterNames = Object.keys(ledgerFilters);

export const listLedgerSchema = z.strictObject({ ...ledgerFilters, ...pageParameters(["created"]) });

export type ListLedger = z.output<typeof listLedgerSchema>;

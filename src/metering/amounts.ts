import { quantityField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";
import { type QuotaType, quotaTypes } from "../quotas/quota-type.ts";

/** The amounts of a request, by type, as in `{"MaxOrderTimes": 1}`. Types that are left out are not counted. */
export type Amounts = { readonly [Type in QuotaType]?: number | undefined };

/** The unit of each type's amounts. */
export const amountDescriptions: Readonly<Record<QuotaType, string>> = {
  MaxOrderTimes: "Number of orders.",
  MaxSize: "Bytes.",
};

/** Amounts in a body, with at least one type. @param amount the schema of each amount: positive, signed … */
export function amountsField<Amount extends z.ZodType<number>>(amount: Amount) {
  return z
    .strictObject({
      MaxOrderTimes: amount.optional().openapi({ description: amountDescriptions.MaxOrderTimes }),
      MaxSize: amount.optional().openapi({ description: amountDescriptions.MaxSize }),
    })
    .refine((amounts) => listAmounts(amounts).length > 0, "must have an amount of at least one type")
    .openapi({
      description: "Amounts of at least one type; types that are left out are not counted.",
      example: { MaxOrderTimes: 1, MaxSize: 1_048_576 },
    });
}

/** Amounts from 0. */
export const amountsSchema = amountsField(quantityField).openapi("Amounts");

/** The amounts as a list, in the order in which answers list types. */
export function listAmounts(amounts: Amounts): { type: QuotaType; amount: number }[] {
  return quotaTypes.flatMap((type) => {
    const amount = amounts[type];
    return amount === undefined ? [] : [{ type, amount }];
  });
}

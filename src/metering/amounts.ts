import { z } from "../platform/resource/schema.ts";
import { type QuotaType, quotaTypes } from "../quotas/quota-type.ts";

/** The amounts of a request, by type, as in `{"MaxOrderTimes": 1}`. Types that are left out are not counted. */
export type Amounts = { readonly [Type in QuotaType]?: number | undefined };

/** Amounts in a body, with at least one type. @param amount the schema of each amount: positive, signed … */
export function amountsField<Amount extends z.ZodType<number>>(amount: Amount) {
  return z
    .strictObject({ MaxOrderTimes: amount.optional(), MaxSize: amount.optional() })
    .refine((amounts) => listAmounts(amounts).length > 0, "must have an amount of at least one type")
    .openapi({ example: { MaxOrderTimes: 1, MaxSize: 1_048_576 } });
}

/** The amounts as a list, in the order in which answers list types. */
export function listAmounts(amounts: Amounts): { type: QuotaType; amount: number }[] {
  return quotaTypes.flatMap((type) => {
    const amount = amounts[type];
    return amount === undefined ? [] : [{ type, amount }];
  });
}

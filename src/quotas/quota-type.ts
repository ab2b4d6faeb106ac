import { quantityField } from "../platform/resource/fields.ts";
import { z } from "../platform/resource/schema.ts";

/** The types of quotas, each with the name that its limit has in `value`; answers list types in this order. */
const valueNames = { MaxOrderTimes: "max_order_times", MaxSize: "max_size" } as const;

/** `MaxOrderTimes` counts orders in a period; `MaxSize` is a level of bytes. */
export type QuotaType = keyof typeof valueNames;

/** Every type, in the order in which answers list them. */
export const quotaTypes = Object.keys(valueNames) as [QuotaType, ...QuotaType[]];

/** A type in a body or a query. */
export const quotaTypeField = z
  .enum(["MaxOrderTimes", "MaxSize"], { error: "must be MaxOrderTimes or MaxSize" })
  .openapi("QuotaType", {
    description: "MaxOrderTimes counts orders, also in a period; MaxSize is a level of stored bytes.",
  });

const limitField = quantityField.nullable().openapi({ type: ["integer", "null"] });

/** A limit under the name that fits the type, as in `{"max_order_times": 100}`; null is unlimited. */
export const valueSchema = z
  .strictObject({
    max_order_times: limitField.optional().openapi({
      description: "Orders; null is unlimited. Required for the type MaxOrderTimes, refused for MaxSize.",
      example: 100,
    }),
    max_size: limitField.optional().openapi({
      description: "Bytes; null is unlimited. Required for the type MaxSize, refused for MaxOrderTimes.",
      example: 10_737_418_240,
    }),
  })
  .openapi("QuotaValue", {
    description: "A limit, under the name that fits the quota's type.",
    example: { max_order_times: 100 },
  });

/** A limit as the API writes it; {@link toLimit} reads it. */
export type Value = z.output<typeof valueSchema>;

/** The name of a type's limit in `value`: `max_size` for `MaxSize`. */
export function toValueName(type: QuotaType): keyof Value {
  return valueNames[type];
}

/** The names in a value that belong to another type than this one. */
export function listOtherValueNames(type: QuotaType, value: Value): (keyof Value)[] {
  return Object.values(valueNames).filter((name) => value[name] !== undefined && name !== valueNames[type]);
}

/** The limit in a value that fits the type; null is unlimited. */
export function toLimit(type: QuotaType, value: Value): number | null {
  return value[valueNames[type]] ?? null;
}

/** The opposite of {@link toLimit}. */
export function toValue(type: QuotaType, limit: number | null): Value {
  return { [valueNames[type]]: limit };
}

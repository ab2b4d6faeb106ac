import { idField, positiveQuantityField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { quotaTypeField } from "../../quotas/quota-type.ts";
import { amountsField, amountsSchema } from "../amounts.ts";

const maxTtlSeconds = 7 * 86_400;

/** The body that reserves amounts for `ttl_seconds`, 15 minutes by default. */
export const reserveSchema = z
  .strictObject({
    amounts: amountsField(positiveQuantityField).openapi("PositiveAmounts", {
      description: "Amounts of at least one type; types that are left out are not reserved.",
    }),
    ttl_seconds: z
      .int("must be a whole number of seconds")
      .min(1, "must be at least 1 second")
      .max(maxTtlSeconds, `must be at most ${maxTtlSeconds} seconds, which are 7 days`)
      .default(900)
      .describe("Seconds until the reservation expires by itself and gives its amounts back."),
  })
  .openapi("ReserveUsage", { description: "The amounts to reserve, if all are allowed." });

/** The body that commits a reservation; without amounts, all that was reserved. */
export const commitSchema = z
  .strictObject({
    amounts: amountsSchema.optional().openapi({
      description:
        "The used amounts, of reserved types, at most those reserved. Without them, all that was reserved is counted.",
    }),
  })
  .openapi("CommitReservation", { description: "The amounts of a reservation that were used." });

const typeAmounts = z.partialRecord(quotaTypeField, z.int().describe("Orders or bytes.")).openapi("AmountsByType", {
  description: "Orders (MaxOrderTimes) and bytes (MaxSize); absent types have no amount.",
});

/** A reservation in answers. */
export const reservationSchema = z
  .object({
    id: idField,
    user_id: z.string().openapi({ description: "The user whose amounts are reserved.", example: "user123" }),
    state: z
      .enum(["open", "committed", "released", "expired"])
      .describe("An open reservation counts against the limit; the other states are final."),
    amounts: typeAmounts.openapi({ description: "The amounts that were reserved." }),
    committed: typeAmounts
      .nullable()
      .openapi({ description: "The amounts of it that were used; null unless the state is committed." }),
    expires_at: timeField.describe("When an open reservation expires by itself."),
    created: timeField.describe("When the amounts were reserved."),
    closed: timeField.nullable().describe("When it was committed or released, or expired; null while it is open."),
  })
  .openapi("Reservation", {
    description:
      "Amounts that count against a user's limits until the reservation is closed. All its types change together, once.",
  });

/** A reservation in answers. */
export type Reservation = z.infer<typeof reservationSchema>;

import { idField, positiveQuantityField, quantityField, timeField } from "../../platform/resource/fields.ts";
import { z } from "../../platform/resource/schema.ts";
import { quotaTypeField } from "../../quotas/quota-type.ts";
import { amountsField } from "../amounts.ts";

const maxTtlSeconds = 7 * 86_400;

/** The body that reserves amounts for `ttl_seconds`, 15 minutes by default. */
export const reserveSchema = z
  .strictObject({
    amounts: amountsField(positiveQuantityField),
    ttl_seconds: z
      .int("must be a whole number of seconds")
      .min(1, "must be at least 1 second")
      .max(maxTtlSeconds, `must be at most ${maxTtlSeconds} seconds, which are 7 days`)
      .default(900),
  })
  .openapi("ReserveUsage");

/** The body that commits a reservation; without amounts, all that was reserved. */
export const commitSchema = z
  .strictObject({ amounts: amountsField(quantityField).optional() })
  .openapi("CommitReservation");

const typeAmounts = z.partialRecord(quotaTypeField, z.int());

/** A reservation in answers. */
export const reservationSchema = z
  .object({
    id: idField,
    user_id: z.string(),
    state: z.enum(["open", "committed", "released", "expired"]),
    amounts: typeAmounts.openapi({ description: "The amounts that were reserved." }),
    committed: typeAmounts
      .nullable()
      .openapi({ description: "The amounts of it that were used; null unless the state is committed." }),
    expires_at: timeField,
    created: timeField,
    closed: timeField.nullable(),
  })
  .openapi("Reservation");

/** A reservation in answers. */
export type Reservation = z.infer<typeof reservationSchema>;

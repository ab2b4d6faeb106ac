import { idField, timeField } from "../../platform/resource/fields.ts";
import { pageParameters } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { attemptErrors } from "../model.ts";

/** `pending` until the receiver answers 2xx (`delivered`) or the attempts are used up (`dead`). */
export const deliveryStates = ["pending", "delivered", "dead"] as const;

/** The state of a delivery. */
export type DeliveryState = (typeof deliveryStates)[number];

const attemptFields = {
  http_status: z.int().nullable(),
  error: z.enum(attemptErrors).nullable().openapi({ description: "Null when the receiver answered 2xx." }),
  duration_ms: z.int().min(0),
};

/** The answer to a test of a webhook. */
export const testReportSchema = z
  .object({ delivered: z.boolean(), message_id: idField, ...attemptFields })
  .openapi("WebhookTest");

/** The answer to a test of a webhook. */
export type TestReport = z.infer<typeof testReportSchema>;

/** A delivery as the API answers it: one event for one webhook. */
export const deliverySchema = z
  .object({
    id: idField,
    webhook_id: idField,
    event_id: idField.openapi({ description: "The id of the message (`webhook-id`), the same in every attempt." }),
    event_type: z.string(),
    state: z.enum(deliveryStates),
    attempts: z.int().min(0),
    next_attempt_at: timeField.nullable(),
    last_attempt: z.object({ at: timeField, ...attemptFields }).nullable(),
    delivered: timeField.nullable(),
    created: timeField,
  })
  .openapi("Delivery");

/** A delivery as the API answers it. */
export type Delivery = z.infer<typeof deliverySchema>;

const deliveryFilters = {
  state: z.array(z.enum(deliveryStates)).max(3).optional(),
  event_type: z.array(z.string().max(100)).max(20).optional(),
};

/** Query parameters of the list that filter it; the others page it. */
export const deliveryFilterNames = Object.keys(deliveryFilters);

/** The query of the list. */
export const listDeliveriesSchema = z.strictObject({ ...deliveryFilters, ...pageParameters(["created"]) });

/** A parsed query of the list. */
export type ListDeliveries = z.output<typeof listDeliveriesSchema>;

/** The answer to a redrive of all dead deliveries. */
export const redrivenSchema = z
  .object({
    redriven: z.int().min(0),
    remaining: z.boolean().openapi({ description: "Whether dead deliveries are left: send the request again." }),
  })
  .openapi("Redriven");

/** The answer to a redrive of all dead deliveries. */
export type Redriven = z.infer<typeof redrivenSchema>;

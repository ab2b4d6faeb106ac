import { idField, timeField } from "../../platform/resource/fields.ts";
import { pageParameters } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { attemptErrorField } from "../model.ts";

/** `pending` until the receiver answers 2xx (`delivered`) or the attempts are used up (`dead`). */
export const deliveryStates = ["pending", "delivered", "dead"] as const;

/** The state of a delivery. */
export type DeliveryState = (typeof deliveryStates)[number];

const attemptFields = {
  http_status: z.int().nullable().openapi({
    description: "The status of the receiver's answer. Null if there was no answer.",
    example: 200,
  }),
  error: attemptErrorField
    .nullable()
    .openapi({ description: "Why the attempt failed. Null when the receiver answered 2xx." }),
  duration_ms: z.int().min(0).openapi({ description: "How long the attempt took, in milliseconds.", example: 120 }),
};

/** The answer to a test of a webhook. */
export const testReportSchema = z
  .object({
    delivered: z.boolean().describe("Whether the receiver answered 2xx."),
    message_id: idField.describe("The message, as the receiver sees it in `webhook-id`."),
    ...attemptFields,
  })
  .openapi("WebhookTest", { description: "The result of a test message." });

/** The answer to a test of a webhook. */
export type TestReport = z.infer<typeof testReportSchema>;

/** A delivery as the API answers it: one event for one webhook. */
export const deliverySchema = z
  .object({
    id: idField,
    webhook_id: idField.describe("The webhook that receives the message."),
    event_id: idField.openapi({ description: "The id of the message (`webhook-id`), the same in every attempt." }),
    event_type: z.string().openapi({ description: "The type of the event.", example: "session.failed" }),
    state: z
      .enum(deliveryStates)
      .describe("pending until the receiver answers 2xx (delivered) or the attempts are used up (dead)."),
    attempts: z.int().min(0).openapi({ description: "Attempts made since the last redrive.", example: 1 }),
    next_attempt_at: timeField.nullable().describe("When the next attempt is due. Null unless the state is pending."),
    last_attempt: z
      .object({ at: timeField.describe("When the attempt began."), ...attemptFields })
      .openapi("DeliveryAttempt", { description: "One attempt to send a message." })
      .nullable()
      .openapi({ description: "The last attempt. Null before the first." }),
    delivered: timeField.nullable().describe("When the receiver answered 2xx. Null unless the state is delivered."),
    created: timeField.describe("When the event happened."),
  })
  .openapi("Delivery", { description: "One event for one webhook, and the attempts to send it." });

/** A delivery as the API answers it. */
export type Delivery = z.infer<typeof deliverySchema>;

const deliveryFilters = {
  state: z.array(z.enum(deliveryStates)).max(3).optional().describe("Only deliveries in one of these states."),
  event_type: z
    .array(z.string().max(100))
    .max(20)
    .optional()
    .openapi({ description: "Only deliveries of events of one of these types.", example: ["session.failed"] }),
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
    redriven: z.int().min(0).openapi({ description: "How many deliveries are due again.", example: 3 }),
    remaining: z.boolean().openapi({ description: "Whether dead deliveries are left: send the request again." }),
  })
  .openapi("Redriven", { description: "The result of a redrive of all dead deliveries." });

/** The answer to a redrive of all dead deliveries. */
export type Redriven = z.infer<typeof redrivenSchema>;

import { idField, timeField } from "../../platform/resource/fields.ts";
import { pageParameters } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { attemptErrors } from "../model.ts";

export const deliveryStates = ["pending", "delivered", "dead"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

const attemptFields = {
  http_status: z.int().nullable(),
  error: z.enum(attemptErrors).nullable().openapi({ description: "Null when the receiver took it." }),
  duration_ms: z.int().min(0),
};

export const testReportSchema = z
  .object({ delivered: z.boolean(), message_id: idField, ...attemptFields })
  .openapi("WebhookTest");

export type TestReport = z.infer<typeof testReportSchema>;

export const deliverySchema = z
  .object({
    id: idField,
    webhook_id: idField,
    event_id: idField.openapi({ description: "The id of the message, the same at each attempt." }),
    event_type: z.string(),
    state: z.enum(deliveryStates),
    attempts: z.int().min(0),
    next_attempt_at: timeField.nullable(),
    last_attempt: z.object({ at: timeField, ...attemptFields }).nullable(),
    delivered: timeField.nullable(),
    created: timeField,
  })
  .openapi("Delivery");

export type Delivery = z.infer<typeof deliverySchema>;

const deliveryFilters = {
  state: z.array(z.enum(deliveryStates)).max(3).optional(),
  event_type: z.array(z.string().max(100)).max(20).optional(),
};
export const deliveryFilterNames = Object.keys(deliveryFilters);
export const listDeliveriesSchema = z.strictObject({ ...deliveryFilters, ...pageParameters(["created"]) });
export type ListDeliveries = z.output<typeof listDeliveriesSchema>;

export const redrivenSchema = z
  .object({ redriven: z.int().min(0), remaining: z.boolean().openapi({ description: "There are more: ask again." }) })
  .openapi("Redriven");

export type Redriven = z.infer<typeof redrivenSchema>;

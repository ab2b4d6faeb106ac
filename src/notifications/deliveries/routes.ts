import { defineRoute, type Route } from "../../platform/http/route.ts";
import { toActor } from "../../platform/resource/actor.ts";
import { pageSchema, toPageAnswer } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { toDelivery } from "../representation.ts";
import {
  deliveryFilterNames,
  deliverySchema,
  listDeliveriesSchema,
  redrivenSchema,
  testReportSchema,
} from "./model.ts";
import type { DeliveryService } from "./service.ts";

const base = "/eom/admin/webhooks/{WebhookId}";
const tag = "webhooks";
const none = z.strictObject({});
const webhookParams = z.object({ WebhookId: z.string() });
const deliveryParams = z.object({ WebhookId: z.string(), DeliveryId: z.string() });

/** What became of each message of a webhook, and the switches that an operator has. */
export function createDeliveryRoutes(service: DeliveryService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/test`,
        operationId: "testWebhook",
        tag,
        summary: "Send a test message now, and say what came of it",
        role: "operator",
        params: webhookParams,
        query: none,
        answers: { 200: { description: "What came of it, whatever it is", schema: testReportSchema } },
        failures: ["WEBHOOK_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
      },
      async ({ params }) => ({ status: 200, body: await service.test(params.WebhookId) }),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/deliveries`,
        operationId: "listDeliveries",
        tag,
        summary: "List what was sent, waits, or is dead",
        role: "viewer",
        params: webhookParams,
        query: listDeliveriesSchema,
        filters: deliveryFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(deliverySchema) } },
        failures: ["WEBHOOK_NOT_FOUND"],
      },
      async ({ params, query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(params.WebhookId, query),
          toItem: toDelivery,
          toKey: (row) => ({ value: row.created.toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/deliveries/{DeliveryId}/redrive`,
        operationId: "redriveDelivery",
        tag,
        summary: "Have a delivery sent again, with all its attempts before it",
        role: "operator",
        params: deliveryParams,
        query: none,
        answers: { 200: { description: "The delivery, which is due now", schema: deliverySchema } },
        failures: ["WEBHOOK_NOT_FOUND", "DELIVERY_NOT_FOUND"],
      },
      async (input) => {
        const { WebhookId, DeliveryId } = input.params;
        return { status: 200, body: await service.redrive(WebhookId, DeliveryId, toActor(input)) };
      },
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/redrive`,
        operationId: "redriveWebhook",
        tag,
        summary: "Have all dead deliveries of a webhook sent again, at most 10000 a call",
        role: "operator",
        params: webhookParams,
        query: none,
        answers: { 200: { description: "How many, and whether there are more", schema: redrivenSchema } },
        failures: ["WEBHOOK_NOT_FOUND"],
      },
      async (input) => ({ status: 200, body: await service.redriveAll(input.params.WebhookId, toActor(input)) }),
    ),
  ];
}

import { ok } from "../../platform/http/answers.ts";
import { defineRoute, type Route } from "../../platform/http/route.ts";
import { toActor } from "../../platform/resource/actor.ts";
import { pathId } from "../../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import {
  deliveryFilterNames,
  deliverySchema,
  listDeliveriesSchema,
  redrivenSchema,
  testReportSchema,
} from "./model.ts";
import { toDelivery } from "./representation.ts";
import type { DeliveryService } from "./service.ts";

const base = "/eom/admin/webhooks/{WebhookId}";
const tag = "webhooks";
const webhookParams = z.object({ WebhookId: pathId("webhook") });
const deliveryParams = z.object({ WebhookId: pathId("webhook"), DeliveryId: pathId("delivery") });

/** The messages of a webhook in the HTTP contract: a test, the list of deliveries, and the two redrives. */
export function createDeliveryRoutes(service: DeliveryService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: `${base}/test`,
        operationId: "testWebhook",
        tag,
        summary: "Send a test message now and report the result",
        description:
          "Sends one message of the type `webhook.test`, also when the webhook is disabled. It leaves no delivery and does not change the webhook's state.",
        role: "operator",
        params: webhookParams,
        answers: { 200: { description: "The result, whether it was delivered or not", schema: testReportSchema } },
        failures: ["WEBHOOK_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
      },
      async ({ params }) => ok(await service.test(params.WebhookId)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/deliveries`,
        operationId: "listDeliveries",
        tag,
        summary: "List the deliveries of a webhook: pending, delivered and dead",
        description:
          "In the order of their events. Deliveries that are not pending are deleted with their event, EOM_RETENTION_DAYS after it.",
        role: "viewer",
        params: webhookParams,
        query: listDeliveriesSchema,
        filters: deliveryFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(deliverySchema) } },
        failures: ["WEBHOOK_NOT_FOUND"],
      },
      async ({ params, query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(params.WebhookId, query, parsePageStart(query, cursors)),
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
        summary: "Send a delivery again, with a full set of attempts",
        description: "Makes the delivery due now, whatever its state: the receiver may get the message twice.",
        role: "operator",
        params: deliveryParams,
        answers: { 200: { description: "The delivery, which is due now", schema: deliverySchema } },
        failures: ["WEBHOOK_NOT_FOUND", "DELIVERY_NOT_FOUND"],
      },
      async (input) => {
        const { WebhookId, DeliveryId } = input.params;
        return ok(await service.redrive(WebhookId, DeliveryId, toActor(input)));
      },
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/redrive`,
        operationId: "redriveWebhook",
        tag,
        summary: "Send all dead deliveries of a webhook again, at most 10000 per call",
        description: "Makes them due now, the oldest first, each with a full set of attempts.",
        role: "operator",
        params: webhookParams,
        answers: {
          200: {
            description: "How many deliveries are due again, and whether dead deliveries are left",
            schema: redrivenSchema,
          },
        },
        failures: ["WEBHOOK_NOT_FOUND"],
      },
      async (input) => ok(await service.redriveAll(input.params.WebhookId, toActor(input))),
    ),
  ];
}

import { answerChange } from "../platform/http/answer-change.ts";
import { noContent } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  createWebhookSchema,
  listWebhooksSchema,
  updateWebhookSchema,
  type Webhook,
  type WrittenWebhook,
  webhookFilterNames,
  webhookSchema,
  writtenWebhookSchema,
} from "./model.ts";
import { toWebhook } from "./representation.ts";
import type { WebhookService } from "./service.ts";

const base = "/eom/admin/webhooks";
const tag = "webhooks";
const none = z.strictObject({});
const webhookParams = z.object({ WebhookId: z.string() });
const webhookAnswer = { description: "The webhook, without its secret", schema: webhookSchema };
const writtenAnswer = { description: "The webhook", schema: writtenWebhookSchema };

/** Who is told of what, of the HTTP contract; what became of each message is in delivery-routes.ts. */
export function createWebhookRoutes(service: WebhookService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listWebhooks",
        tag,
        summary: "List webhooks",
        role: "viewer",
        params: none,
        query: listWebhooksSchema,
        filters: webhookFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(webhookSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
          toItem: toWebhook,
          toKey: (row) => ({ value: row[query.sortby].toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createWebhook",
        tag,
        summary: "Have an address told of events",
        role: "admin",
        params: none,
        query: none,
        body: createWebhookSchema,
        answers: { 201: writtenAnswer },
        failures: ["SECRET_STORE_UNAVAILABLE"],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.create(input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{WebhookId}`,
        operationId: "getWebhook",
        tag,
        summary: "Read a webhook and how it stands",
        role: "viewer",
        params: webhookParams,
        query: none,
        answers: { 200: webhookAnswer },
        failures: ["WEBHOOK_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => toFound(await service.find(params.WebhookId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{WebhookId}`,
        operationId: "updateWebhook",
        tag,
        summary: "Change some fields of a webhook, or its secret",
        role: "admin",
        params: webhookParams,
        query: none,
        body: updateWebhookSchema,
        answers: { 200: writtenAnswer },
        failures: ["WEBHOOK_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, toFound, (change) =>
          service.update(input.params.WebhookId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{WebhookId}`,
        operationId: "deleteWebhook",
        tag,
        summary: "Delete a webhook, with what waits for it",
        role: "admin",
        params: webhookParams,
        query: none,
        answers: { 204: { description: "It is gone", schema: null } },
        failures: ["WEBHOOK_NOT_FOUND"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) => service.remove(input.params.WebhookId, input.ifMatch, change)),
    ),
  ];
}

function toFound(webhook: Webhook | WrittenWebhook): Answer {
  return { status: 200, body: webhook, version: webhook.version };
}

function toCreated(webhook: WrittenWebhook): Answer {
  return { status: 201, body: webhook, version: webhook.version, headers: { location: `${base}/${webhook.id}` } };
}

import { answerChange } from "../platform/http/answer-change.ts";
import { created, noContent, ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  createWebhookSchema,
  listWebhooksSchema,
  updateWebhookSchema,
  type WrittenWebhook,
  webhookFilterNames,
  webhookSchema,
  writtenWebhookSchema,
} from "./model.ts";
import { toWebhook } from "./representation.ts";
import type { WebhookService } from "./service.ts";

const base = "/eom/admin/webhooks";
const tag = "webhooks";
const webhookParams = z.object({ WebhookId: pathId("webhook") });
const webhookAnswer = { description: "The webhook, without its secret", schema: webhookSchema };
const writtenAnswer = { description: "The webhook", schema: writtenWebhookSchema };

/** The webhooks of the HTTP contract. The routes of their messages are in deliveries/routes.ts. */
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
        query: listWebhooksSchema,
        filters: webhookFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(webhookSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
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
        summary: "Create a webhook: an address that receives events",
        description: "Events from now on are sent. Nothing is sent at once: a test of the webhook does that.",
        role: "admin",
        body: createWebhookSchema,
        answers: { 201: writtenAnswer },
        failures: ["SECRET_STORE_UNAVAILABLE"],
        idempotent: true,
      },
      (input) =>
        answerChange(
          input,
          (webhook: WrittenWebhook) => created(`${base}/${webhook.id}`, webhook),
          (change) => service.create(input.body, change),
        ),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{WebhookId}`,
        operationId: "getWebhook",
        tag,
        summary: "Read a webhook and the outcome of its last attempts",
        role: "viewer",
        params: webhookParams,
        answers: { 200: webhookAnswer },
        failures: ["WEBHOOK_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => ok(await service.find(params.WebhookId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{WebhookId}`,
        operationId: "updateWebhook",
        tag,
        summary: "Change some fields of a webhook, or rotate its secret",
        description:
          "Fields that are left out stay as they are; an empty object changes nothing but the version. After a change of the secret, both secrets sign for 24 hours.",
        role: "admin",
        params: webhookParams,
        body: updateWebhookSchema,
        answers: { 200: writtenAnswer },
        failures: ["WEBHOOK_NOT_FOUND", "SECRET_STORE_UNAVAILABLE"],
        versioned: true,
      },
      (input) =>
        answerChange<WrittenWebhook>(input, ok, (change) =>
          service.update(input.params.WebhookId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{WebhookId}`,
        operationId: "deleteWebhook",
        tag,
        summary: "Delete a webhook and its deliveries; pending messages are not sent",
        role: "admin",
        params: webhookParams,
        answers: { 204: { description: "The webhook is deleted", schema: null } },
        failures: ["WEBHOOK_NOT_FOUND"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) => service.remove(input.params.WebhookId, input.ifMatch, change)),
    ),
  ];
}

import { answerChange } from "../platform/http/answer-change.ts";
import { noContent } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  createQuotaSchema,
  type ListQuotas,
  listQuotasSchema,
  type Quota,
  quotaFilterNames,
  quotaSchema,
  updateQuotaSchema,
} from "./model.ts";
import type { QuotaRow } from "./queries.ts";
import { toQuota } from "./representation.ts";
import type { QuotaService } from "./service.ts";

const base = "/eom/admin/quotas";
const tag = "quotas";
const none = z.strictObject({});
const quotaParams = z.object({ QuotaId: z.string() });
const quotaAnswer = { description: "The quota", schema: quotaSchema };

/** The quotas themselves, of the HTTP contract; who has them is in user-quota-routes.ts. */
export function createQuotaRoutes(service: QuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listQuotas",
        tag,
        summary: "List quotas",
        role: "viewer",
        params: none,
        query: listQuotasSchema,
        filters: quotaFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(quotaSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(query),
          toItem: toQuota,
          toKey: (row) => toSortKey(row, query.sortby),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createQuota",
        tag,
        summary: "Define a quota",
        role: "admin",
        params: none,
        query: none,
        body: createQuotaSchema,
        answers: { 201: quotaAnswer },
        failures: ["QUOTA_NAME_CONFLICT"],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.create(input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{QuotaId}`,
        operationId: "getQuota",
        tag,
        summary: "Read a quota",
        role: "viewer",
        params: quotaParams,
        query: none,
        answers: { 200: quotaAnswer },
        failures: ["QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => toFound(await service.find(params.QuotaId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{QuotaId}`,
        operationId: "updateQuota",
        tag,
        summary: "Change some fields of a quota, for all who have it",
        role: "admin",
        params: quotaParams,
        query: none,
        body: updateQuotaSchema,
        answers: { 200: quotaAnswer },
        failures: ["QUOTA_NOT_FOUND", "QUOTA_NAME_CONFLICT", "QUOTA_IN_USE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, toFound, (change) =>
          service.update(input.params.QuotaId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{QuotaId}`,
        operationId: "deleteQuota",
        tag,
        summary: "Delete a quota that nobody has",
        role: "admin",
        params: quotaParams,
        query: none,
        answers: { 204: { description: "It is gone", schema: null } },
        failures: ["QUOTA_NOT_FOUND", "QUOTA_IN_USE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) => service.remove(input.params.QuotaId, input.ifMatch, change)),
    ),
  ];
}

function toFound(quota: Quota): Answer {
  return { status: 200, body: quota, version: quota.version };
}

function toCreated(quota: Quota): Answer {
  return { status: 201, body: quota, version: quota.version, headers: { location: `${base}/${quota.id}` } };
}

function toSortKey(row: QuotaRow, sortby: ListQuotas["sortby"]) {
  switch (sortby) {
    case "name":
      return { value: row.name_key, id: row.id };
    case "type":
      return { value: row.type, id: row.id };
    case "enable":
      return { value: String(row.enable), id: row.id };
    default:
      return { value: row[sortby].toISOString(), id: row.id };
  }
}

import { answerChange } from "../platform/http/answer-change.ts";
import { created, noContent, ok } from "../platform/http/answers.ts";
import { defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { toQuotaSortKey } from "./list.ts";
import {
  createQuotaSchema,
  listQuotasSchema,
  type Quota,
  quotaFilterNames,
  quotaSchema,
  updateQuotaSchema,
} from "./model.ts";
import { toQuota } from "./representation.ts";
import type { QuotaService } from "./service.ts";

const base = "/eom/admin/quotas";
const tag = "quotas";
const quotaParams = z.object({ QuotaId: pathId("quota") });
const quotaAnswer = { description: "The quota", schema: quotaSchema };

/** The routes of quotas. Those that assign them to users are in assignments/routes.ts. */
export function createQuotaRoutes(service: QuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listQuotas",
        tag,
        summary: "List quotas",
        description: "Filters of different names must all match; quotas are ordered by name unless `sortby` is given.",
        role: "viewer",
        query: listQuotasSchema,
        filters: quotaFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(quotaSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
          toItem: toQuota,
          toKey: (row) => toQuotaSortKey(row, query.sortby),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createQuota",
        tag,
        summary: "Define a quota",
        description: "The quota limits nobody until it is assigned to users.",
        role: "admin",
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
        description: "The number of its users is not part of the version: a 304 does not say that it is unchanged.",
        role: "viewer",
        params: quotaParams,
        answers: { 200: quotaAnswer },
        failures: ["QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => ok(await service.find(params.QuotaId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{QuotaId}`,
        operationId: "updateQuota",
        tag,
        summary: "Change some fields of a quota, for all users that have it",
        description:
          "An omitted field keeps its value. A changed limit or rule applies to all its users, except where they have values of their own; with more than 20,000 users, states and events follow in portions after the answer.",
        role: "admin",
        params: quotaParams,
        body: updateQuotaSchema,
        answers: { 200: quotaAnswer },
        failures: ["QUOTA_NOT_FOUND", "QUOTA_NAME_CONFLICT", "QUOTA_IN_USE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, ok<Quota>, (change) =>
          service.update(input.params.QuotaId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{QuotaId}`,
        operationId: "deleteQuota",
        tag,
        summary: "Delete a quota that no user has",
        description: "Refused while a user has the quota: the failure lists up to 100 of its users.",
        role: "admin",
        params: quotaParams,
        answers: { 204: { description: "The quota was deleted", schema: null } },
        failures: ["QUOTA_NOT_FOUND", "QUOTA_IN_USE"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) => service.remove(input.params.QuotaId, input.ifMatch, change)),
    ),
  ];
}

function toCreated(quota: Quota) {
  return created(`${base}/${quota.id}`, quota);
}

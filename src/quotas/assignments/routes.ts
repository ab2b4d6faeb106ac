import { answerChange } from "../../platform/http/answer-change.ts";
import { created, noContent } from "../../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../../platform/http/route.ts";
import { toEntityTag } from "../../platform/resource/entity-tag.ts";
import { pathId } from "../../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import { userIdField } from "../../platform/resource/user-id.ts";
import { toQuotaSortKey } from "../list.ts";
import { listQuotasSchema, quotaFilterNames } from "../model.ts";
import {
  type AssignResult,
  assignManySchema,
  assignResultsSchema,
  assignSchema,
  listUsersSchema,
  overrideSchema,
  quotaUserSchema,
  type UserQuota,
  userFilterNames,
  userQuotaSchema,
} from "./model.ts";
import type { UserQuotaService } from "./service.ts";

const users = "/eom/admin/users";
const base = `${users}/{UserId}/quotas`;
const tag = "quotas";
const userParams = z.object({ UserId: userIdField });
const userQuotaParams = z.object({ UserId: userIdField, QuotaId: pathId("quota") });
const userQuotaAnswer = { description: "The user's quota", schema: userQuotaSchema };

/** The routes that assign quotas to users, give users values of their own, and list both. */
export function createUserQuotaRoutes(service: UserQuotaService): Route[] {
  return [...createListRoutes(service), ...createAssignRoutes(service), ...createAssignedRoutes(service)];
}

function createListRoutes(service: UserQuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: users,
        operationId: "listUsers",
        tag,
        summary: "List users that have quotas",
        description:
          "Each user with all its quotas, in the order of user ids. Users without a quota are unknown to EOM.",
        role: "viewer",
        query: listUsersSchema,
        filters: userFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(quotaUserSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.listUsers(query, parsePageStart(query, cursors)),
          toItem: (user) => user,
          toKey: ({ user_id }) => ({ value: user_id, id: null }),
        }),
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listUserQuotas",
        tag,
        summary: "List a user's quotas, with usage",
        description: "At most one quota of each type. The list is empty for a user that EOM does not know.",
        role: "viewer",
        params: userParams,
        query: listQuotasSchema,
        filters: quotaFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(userQuotaSchema) } },
        failures: [],
      },
      async ({ params, query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(params.UserId, query, parsePageStart(query, cursors)),
          toItem: service.toItem,
          toKey: (row) => toQuotaSortKey(row, query.sortby),
        }),
    ),
  ];
}

function createAssignRoutes(service: UserQuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "POST",
        path: "/eom/admin/quotas/{QuotaId}/users",
        operationId: "assignQuotaToUsers",
        tag,
        summary: "Assign a quota to many users",
        description:
          "Atomic by default: all users get the quota, or none if one has a quota of its type. With `atomic` false, each user has a result of its own.",
        role: "admin",
        params: z.object({ QuotaId: pathId("quota") }),
        body: assignManySchema,
        answers: {
          200: { description: "All users have the quota", schema: assignResultsSchema },
          207: { description: "Not atomic: the result for each user", schema: assignResultsSchema },
        },
        failures: ["QUOTA_NOT_FOUND", "USER_QUOTA_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        answerChange(
          input,
          (results: AssignResult[]) => ({ status: input.body.atomic ? 200 : 207, body: { results } }),
          (change) => service.assignToMany(input.params.QuotaId, input.body, change),
        ),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "assignQuota",
        tag,
        summary: "Assign a quota to a user",
        description:
          "A user has at most one quota of each type: a second one is refused, and the failure names the first.",
        role: "admin",
        params: userParams,
        body: assignSchema,
        answers: { 201: userQuotaAnswer },
        failures: ["QUOTA_NOT_FOUND", "USER_QUOTA_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        answerChange(input, toAssigned, (change) => service.assign(input.params.UserId, input.body.quota_id, change)),
    ),
    defineRoute(
      {
        method: "POST",
        path: `${base}/{QuotaId}`,
        operationId: "assignQuotaById",
        tag,
        summary: "Assign the quota of the path to a user",
        description: "The same as assigning it with `quota_id` in the body.",
        role: "admin",
        params: userQuotaParams,
        answers: { 201: userQuotaAnswer },
        failures: ["QUOTA_NOT_FOUND", "USER_QUOTA_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        answerChange(input, toAssigned, (change) => service.assign(input.params.UserId, input.params.QuotaId, change)),
    ),
  ];
}

function createAssignedRoutes(service: UserQuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: `${base}/{QuotaId}`,
        operationId: "getUserQuota",
        tag,
        summary: "Read a user's quota, with usage",
        description: "Never answered with 304: usage changes without the version.",
        role: "viewer",
        params: userQuotaParams,
        answers: { 200: userQuotaAnswer },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => withoutCaching(await service.find(params.UserId, params.QuotaId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{QuotaId}`,
        operationId: "overrideUserQuota",
        tag,
        summary: "Give a user values of its own; null removes them, so that the quota's apply again",
        description:
          "An omitted field stays as it is; null removes the user's own value, so that the quota's applies again. Usage does not change.",
        role: "admin",
        params: userQuotaParams,
        body: overrideSchema,
        answers: { 200: userQuotaAnswer },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      (input) =>
        answerChange(input, withoutCaching, (change) =>
          service.override(input.params.UserId, input.params.QuotaId, input.body, input.ifMatch, change),
        ),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{QuotaId}`,
        operationId: "takeUserQuotaAway",
        tag,
        summary: "Take a quota away from a user",
        description: "The quota itself stays, and so do its entries in the user's ledger.",
        role: "admin",
        params: userQuotaParams,
        answers: { 204: { description: "The user no longer has the quota", schema: null } },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      (input) =>
        answerChange(input, noContent, (change) =>
          service.takeAway(input.params.UserId, input.params.QuotaId, input.ifMatch, change),
        ),
    ),
  ];
}

/**
 * 200 with the entity tag as a plain header, for If-Match. As the answer's `version`, If-None-Match would be answered with
 * 304, although usage changes without the version.
 */
function withoutCaching(quota: UserQuota): Answer {
  return { status: 200, body: quota, headers: { etag: toEntityTag(quota.version) } };
}

function toAssigned(quota: UserQuota): Answer {
  return created(`${users}/${encodeURIComponent(quota.user_id)}/quotas/${quota.id}`, quota);
}

import { answerChange } from "../../platform/http/answer-change.ts";
import { type Answer, defineRoute, type Route } from "../../platform/http/route.ts";
import { toActor } from "../../platform/resource/actor.ts";
import { toEntityTag } from "../../platform/resource/entity-tag.ts";
import { pageSchema, toPageAnswer } from "../../platform/resource/paging.ts";
import { z } from "../../platform/resource/schema.ts";
import {
  type AssignResult,
  assignManySchema,
  assignResultsSchema,
  assignSchema,
  type ListQuotas,
  listQuotasSchema,
  listUsersSchema,
  overrideSchema,
  quotaFilterNames,
  quotaUserSchema,
  type UserQuota,
  userFilterNames,
  userIdField,
  userQuotaSchema,
} from "../model.ts";
import type { ListedUserQuota } from "./list.ts";
import type { UserQuotaService } from "./service.ts";

const users = "/eom/admin/users";
const base = `${users}/{UserId}/quotas`;
const tag = "quotas";
const none = z.strictObject({});
const userParams = z.object({ UserId: userIdField });
const userQuotaParams = z.object({ UserId: userIdField, QuotaId: z.string() });
const userQuotaAnswer = { description: "The user's quota", schema: userQuotaSchema };

/** Who has which quota, of the HTTP contract. */
export function createUserQuotaRoutes(service: UserQuotaService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: users,
        operationId: "listUsers",
        tag,
        summary: "List users that have quotas",
        role: "viewer",
        params: none,
        query: listUsersSchema,
        filters: userFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(quotaUserSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.listOfUsers(query),
          toItem: (user) => user,
          toKey: ({ user_id }) => ({ value: user_id, id: null }),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: "/eom/admin/quotas/{QuotaId}/users",
        operationId: "assignQuotaToUsers",
        tag,
        summary: "Assign a quota to many users",
        description: "Atomic unless told otherwise: all of them or, with the first conflict, none.",
        role: "admin",
        params: z.object({ QuotaId: z.string() }),
        query: none,
        body: assignManySchema,
        answers: {
          200: { description: "All have it now", schema: assignResultsSchema },
          207: { description: "Not atomic: what came of each", schema: assignResultsSchema },
        },
        failures: ["QUOTA_NOT_FOUND", "USER_QUOTA_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        answerChange(
          input,
          (results: AssignResult[]) => toManyAssigned(results, input.body.atomic),
          (change) => service.assignToMany(input.params.QuotaId, input.body, change),
        ),
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listUserQuotas",
        tag,
        summary: "List a user's quotas, with usage",
        role: "viewer",
        params: userParams,
        query: listQuotasSchema,
        filters: quotaFilterNames,
        answers: { 200: { description: "One page", schema: pageSchema(userQuotaSchema) } },
        failures: [],
      },
      async ({ params, query, url }) =>
        toPageAnswer({
          query,
          url,
          page: await service.list(params.UserId, query),
          toItem: service.toItem,
          toKey: (row) => toSortKey(row, query.sortby),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "assignQuota",
        tag,
        summary: "Assign a quota to a user",
        role: "admin",
        params: userParams,
        query: none,
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
        role: "admin",
        params: userQuotaParams,
        query: none,
        answers: { 201: userQuotaAnswer },
        failures: ["QUOTA_NOT_FOUND", "USER_QUOTA_CONFLICT"],
        idempotent: true,
      },
      (input) =>
        answerChange(input, toAssigned, (change) => service.assign(input.params.UserId, input.params.QuotaId, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{QuotaId}`,
        operationId: "getUserQuota",
        tag,
        summary: "Read a user's quota, with usage",
        role: "viewer",
        params: userQuotaParams,
        query: none,
        answers: { 200: userQuotaAnswer },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async ({ params }) => toRead(await service.find(params.UserId, params.QuotaId)),
    ),
    defineRoute(
      {
        method: "PUT",
        path: `${base}/{QuotaId}`,
        operationId: "overrideUserQuota",
        tag,
        summary: "Give a user values of its own, or with null the quota's back",
        role: "admin",
        params: userQuotaParams,
        query: none,
        body: overrideSchema,
        answers: { 200: userQuotaAnswer },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async (input) => {
        const { UserId, QuotaId } = input.params;
        return toRead(await service.override(UserId, QuotaId, input.body, input.ifMatch, toActor(input)));
      },
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{QuotaId}`,
        operationId: "takeUserQuotaAway",
        tag,
        summary: "Take a quota away from a user",
        role: "admin",
        params: userQuotaParams,
        query: none,
        answers: { 204: { description: "The user does not have it any more", schema: null } },
        failures: ["USER_QUOTA_NOT_FOUND"],
        versioned: true,
      },
      async (input) => {
        await service.takeAway(input.params.UserId, input.params.QuotaId, input.ifMatch, toActor(input));
        return { status: 204 };
      },
    ),
  ];
}

/**
 * The tag is for If-Match. It is not told as the answer's `version`, by which If-None-Match would be answered with 304:
 * usage is in the answer and no part of the version.
 */
function toRead(quota: UserQuota): Answer {
  return { status: 200, body: quota, headers: { etag: toEntityTag(quota.version) } };
}

function toAssigned(quota: UserQuota): Answer {
  const location = `${users}/${encodeURIComponent(quota.user_id)}/quotas/${quota.id}`;
  return { status: 201, body: quota, version: quota.version, headers: { location } };
}

function toManyAssigned(results: AssignResult[], atomic: boolean): Answer {
  return { status: atomic ? 200 : 207, body: { results } };
}

function toSortKey(row: ListedUserQuota, sortby: ListQuotas["sortby"]) {
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

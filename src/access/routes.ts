import { answerChange } from "../platform/http/answer-change.ts";
import { noContent } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import {
  type CreatedToken,
  createdTokenSchema,
  createTokenSchema,
  listTokensSchema,
  meSchema,
  tokenSchema,
} from "./model.ts";
import { type AccessService, toToken } from "./service.ts";

const base = "/eom/admin/tokens";
const tag = "access";
const none = z.strictObject({});
const tokenParams = z.object({ TokenId: z.string() });

/** Who am I, and the tokens by which others are somebody. */
export function createAccessRoutes(service: AccessService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/me",
        operationId: "getMe",
        tag,
        summary: "Who am I, with which role",
        role: "any",
        params: none,
        query: none,
        answers: { 200: { description: "The caller", schema: meSchema } },
        failures: [],
      },
      ({ caller }) => {
        const { subject, role, authentication, onBehalfOf } = caller;
        return { status: 200, body: { subject, role, authentication, on_behalf_of: onBehalfOf } };
      },
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listTokens",
        tag,
        summary: "List tokens",
        role: "viewer",
        params: none,
        query: listTokensSchema,
        filters: ["ids"],
        answers: { 200: { description: "One page", schema: pageSchema(tokenSchema) } },
        failures: [],
      },
      async ({ query, url }) =>
        toPageAnswer({
          query,
          url,
          found: await service.list(query),
          toItem: toToken,
          toKey: (row) => ({ value: row.created.toISOString(), id: row.id }),
        }),
    ),
    defineRoute(
      {
        method: "POST",
        path: base,
        operationId: "createToken",
        tag,
        summary: "Make a token; the answer is the only place where it is shown",
        role: "admin",
        params: none,
        query: none,
        body: createTokenSchema,
        answers: { 201: { description: "The token", schema: createdTokenSchema } },
        failures: [],
        idempotent: true,
      },
      (input) => answerChange(input, toCreated, (change) => service.create(input.body, change)),
    ),
    defineRoute(
      {
        method: "GET",
        path: `${base}/{TokenId}`,
        operationId: "getToken",
        tag,
        summary: "Read what is known of a token",
        role: "viewer",
        params: tokenParams,
        query: none,
        answers: { 200: { description: "The token, without the token", schema: tokenSchema } },
        failures: ["TOKEN_NOT_FOUND"],
      },
      async ({ params }) => ({ status: 200, body: await service.find(params.TokenId) }),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{TokenId}`,
        operationId: "revokeToken",
        tag,
        summary: "Revoke a token",
        role: "admin",
        params: tokenParams,
        query: none,
        answers: { 204: { description: "It is worth nothing now", schema: null } },
        failures: ["TOKEN_NOT_FOUND"],
      },
      (input) => answerChange(input, noContent, (change) => service.revoke(input.params.TokenId, change)),
    ),
  ];
}

function toCreated(created: CreatedToken): Answer {
  return { status: 201, body: created, headers: { location: `${base}/${created.id}` } };
}

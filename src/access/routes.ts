import { answerChange } from "../platform/http/answer-change.ts";
import { created, noContent, ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
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
const tokenParams = z.object({ TokenId: pathId("token") });

/** The caller itself, and the tokens of all callers. */
export function createAccessRoutes(service: AccessService): Route[] {
  return [
    defineRoute(
      {
        method: "GET",
        path: "/eom/admin/me",
        operationId: "getMe",
        tag,
        summary: "Read who the caller is, and its role",
        role: "any",
        answers: { 200: { description: "The caller", schema: meSchema } },
        failures: [],
      },
      ({ caller }) => {
        const { subject, role, authentication, onBehalfOf } = caller;
        return ok({ subject, role, authentication, on_behalf_of: onBehalfOf });
      },
    ),
    defineRoute(
      {
        method: "GET",
        path: base,
        operationId: "listTokens",
        tag,
        summary: "List tokens",
        description: "Lists the tokens of EOM, expired ones too, in the order of their creation.",
        role: "viewer",
        query: listTokensSchema,
        filters: ["ids"],
        answers: { 200: { description: "One page", schema: pageSchema(tokenSchema) } },
        failures: [],
      },
      async ({ query, url, cursors }) =>
        toPageAnswer({
          query,
          url,
          cursors,
          page: await service.list(query, parsePageStart(query, cursors)),
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
        summary: "Create a token; this answer alone shows it",
        description: "The answer has the text of the token, which EOM does not keep: a lost token must be replaced.",
        role: "admin",
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
        summary: "Read a token, without its text",
        role: "viewer",
        params: tokenParams,
        answers: { 200: { description: "The token, without the token", schema: tokenSchema } },
        failures: ["TOKEN_NOT_FOUND"],
      },
      async ({ params }) => ok(await service.find(params.TokenId)),
    ),
    defineRoute(
      {
        method: "DELETE",
        path: `${base}/{TokenId}`,
        operationId: "revokeToken",
        tag,
        summary: "Revoke a token",
        description: "Deletes the token. Other processes of EOM refuse it within 5 seconds.",
        role: "admin",
        params: tokenParams,
        answers: { 204: { description: "The token is revoked", schema: null } },
        failures: ["TOKEN_NOT_FOUND"],
      },
      (input) => answerChange(input, noContent, (change) => service.revoke(input.params.TokenId, change)),
    ),
  ];
}

function toCreated(token: CreatedToken): Answer {
  return created(`${base}/${token.id}`, token);
}

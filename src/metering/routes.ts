import { ok } from "../platform/http/answers.ts";
import { type Answer, defineRoute, type Route, type RouteInput } from "../platform/http/route.ts";
import { toActor } from "../platform/resource/actor.ts";
import { pathId } from "../platform/resource/fields.ts";
import { pageSchema, parsePageStart, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { userIdField } from "../platform/resource/user-id.ts";
import { ledgerEntrySchema, ledgerFilterNames, listLedgerSchema } from "./ledger/model.ts";
import { toLedgerEntry } from "./ledger/representation.ts";
import { adjustUsageSchema, checkUsageSchema, consumeUsageSchema, meteringSchema, userUsageSchema } from "./model.ts";
import { commitSchema, reservationSchema, reserveSchema } from "./reservations/model.ts";
import type { MeteringService } from "./service.ts";

const user = "/eom/admin/users/{UserId}";
const tag = "metering";
const userParams = z.object({ UserId: userIdField });
const reservationParams = z.object({ UserId: userIdField, ReservationId: pathId("reservation") });
const counted = { description: "Counted; the usage is that right after the request", schema: meteringSchema };
const reservationAnswer = { description: "The reservation", schema: reservationSchema };

/** The routes of metering as data. The types of @eom/client are derived from them. */
export const meteringSpecs = {
  check: {
    method: "POST",
    path: `${user}/usage/check`,
    operationId: "checkUsage",
    tag,
    summary: "Check whether a consume would be allowed; counts nothing",
    description:
      "The Idempotency-Key is required, as for every call of metering, but the answer is not kept: the same key is answered by the level of the moment.",
    role: "meter",
    params: userParams,
    body: checkUsageSchema,
    answers: { 200: { description: "Whether it would be allowed, and if not, why", schema: meteringSchema } },
    failures: [],
    idempotent: "by_handler",
  },
  consume: {
    method: "POST",
    path: `${user}/usage/consume`,
    operationId: "consumeUsage",
    tag,
    summary: "Count all amounts if all are allowed; negative amounts give back",
    description:
      "Counts all types or, if one is refused, none. A level never falls below 0. A repeated request with the same Idempotency-Key is counted once, and answered as the first was, for 24 hours.",
    role: "meter",
    params: userParams,
    body: consumeUsageSchema,
    answers: { 200: counted },
    failures: ["QUOTA_EXCEEDED", "RATE_LIMITED"],
    idempotent: "by_handler",
  },
  adjust: {
    method: "POST",
    path: `${user}/usage/adjust`,
    operationId: "adjustUsage",
    tag,
    summary: "Count amounts, even beyond the limit",
    description:
      "Corrects a user's level: no limit, expiry or disabled quota refuses it. A repeated request with the same Idempotency-Key is counted once.",
    role: "admin",
    params: userParams,
    body: adjustUsageSchema,
    answers: { 200: counted },
    failures: ["RATE_LIMITED"],
    idempotent: "by_handler",
  },
  reserve: {
    method: "POST",
    path: `${user}/reservations`,
    operationId: "reserveUsage",
    tag,
    summary: "Reserve amounts until the reservation is committed, released or expires",
    description:
      "Reserves all types or, if one is refused, none. Reserved amounts count against the limit; after `ttl_seconds` they are given back without a call.",
    role: "meter",
    params: userParams,
    body: reserveSchema,
    answers: { 201: reservationAnswer },
    failures: ["QUOTA_EXCEEDED", "RATE_LIMITED"],
    idempotent: "by_handler",
  },
  commit: {
    method: "POST",
    path: `${user}/reservations/{ReservationId}/commit`,
    operationId: "commitReservation",
    tag,
    summary: "Count the used amounts of a reservation and give back the rest",
    description:
      "Closes the reservation for good. Without amounts, everything that was reserved is counted. An expired or closed reservation is refused.",
    role: "meter",
    params: reservationParams,
    body: commitSchema,
    answers: { 200: reservationAnswer },
    failures: ["RESERVATION_NOT_FOUND", "RESERVATION_CLOSED"],
    idempotent: "by_handler",
  },
  release: {
    method: "POST",
    path: `${user}/reservations/{ReservationId}/release`,
    operationId: "releaseReservation",
    tag,
    summary: "Give back all amounts of a reservation",
    description: "Closes the reservation for good and counts nothing. An expired or closed reservation is refused.",
    role: "meter",
    params: reservationParams,
    answers: { 200: reservationAnswer },
    failures: ["RESERVATION_NOT_FOUND", "RESERVATION_CLOSED"],
    idempotent: "by_handler",
  },
  findReservation: {
    method: "GET",
    path: `${user}/reservations/{ReservationId}`,
    operationId: "getReservation",
    tag,
    summary: "Read a reservation",
    description: "A closed reservation can be read for EOM_RETENTION_DAYS days after its end.",
    role: "any",
    params: reservationParams,
    answers: { 200: reservationAnswer },
    failures: ["RESERVATION_NOT_FOUND"],
  },
  usage: {
    method: "GET",
    path: `${user}/usage`,
    operationId: "getUsage",
    tag,
    summary: "Read a user's usage of every type",
    description: "The usage is empty for a user without quotas, also for a user that nobody has named before.",
    role: "any",
    params: userParams,
    answers: { 200: { description: "The usage, by type", schema: userUsageSchema } },
    failures: [],
  },
  ledger: {
    method: "GET",
    path: `${user}/usage/ledger`,
    operationId: "listLedger",
    tag,
    summary: "List the entries of a user's ledger, by time",
    description: "Every counted amount is one entry, oldest first unless `asc` is false. Entries never change.",
    role: "any",
    params: userParams,
    query: listLedgerSchema,
    filters: ledgerFilterNames,
    answers: { 200: { description: "One page", schema: pageSchema(ledgerEntrySchema) } },
    failures: [],
  },
} as const;

/** The routes of metering: those that order services call, and those that explain a user's usage. */
export function createMeteringRoutes(service: MeteringService): Route[] {
  return [
    defineRoute(meteringSpecs.check, async ({ params, body }) => ok(await service.check(params.UserId, body.amounts))),
    defineRoute(meteringSpecs.consume, async (input) =>
      toAnswer(200, await service.count("consume", toCall(input), input.body.amounts)),
    ),
    defineRoute(meteringSpecs.adjust, async (input) =>
      toAnswer(200, await service.count("adjust", toCall(input), input.body.amounts)),
    ),
    defineRoute(meteringSpecs.reserve, async (input) => {
      const answered = await service.reserve(toCall(input), input.body.amounts, input.body.ttl_seconds);
      const location = `/eom/admin/users/${encodeURIComponent(input.params.UserId)}/reservations/${answered.body.id}`;
      return toAnswer(201, answered, { location });
    }),
    defineRoute(meteringSpecs.commit, async (input) =>
      toAnswer(
        200,
        await service.close("committed", toCall(input), input.params.ReservationId, input.body.amounts ?? null),
      ),
    ),
    defineRoute(meteringSpecs.release, async (input) =>
      toAnswer(200, await service.close("released", toCall(input), input.params.ReservationId, null)),
    ),
    defineRoute(meteringSpecs.findReservation, async ({ params }) =>
      ok(await service.findReservation(params.UserId, params.ReservationId)),
    ),
    defineRoute(meteringSpecs.usage, async ({ params }) =>
      ok({ user_id: params.UserId, usage: await service.listUsage(params.UserId) }),
    ),
    defineRoute(meteringSpecs.ledger, async ({ params, query, url, cursors }) =>
      toPageAnswer({
        query,
        url,
        cursors,
        page: await service.listEntries(params.UserId, query, parsePageStart(query, cursors)),
        toItem: toLedgerEntry,
        toKey: ({ created, id }) => ({ value: created.toISOString(), id }),
      }),
    ),
  ];
}

function toCall(
  input: Pick<RouteInput<{ readonly UserId: string }, unknown, unknown>, "params" | "caller" | "requestId" | "keyed">,
) {
  if (input.keyed === null) throw new Error("a call of metering has no Idempotency-Key");
  return { userId: input.params.UserId, actor: toActor(input), keyed: input.keyed };
}

function toAnswer(
  status: number,
  { body, isReplay }: { readonly body: unknown; readonly isReplay: boolean },
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body, headers: isReplay ? { ...headers, "idempotency-replayed": "true" } : headers };
}

import { type Answer, defineRoute, type Route } from "../platform/http/route.ts";
import type { KeyedRequest } from "../platform/idempotency/claims.ts";
import { pageSchema, toPageAnswer } from "../platform/resource/paging.ts";
import { z } from "../platform/resource/schema.ts";
import { userIdField } from "../quotas/model.ts";
import type { LedgerRow } from "./ledger-list.ts";
import {
  adjustUsageSchema,
  checkUsageSchema,
  commitSchema,
  consumeUsageSchema,
  ledgerEntrySchema,
  ledgerFilterNames,
  listLedgerSchema,
  meteringSchema,
  reservationSchema,
  reserveSchema,
  userUsageSchema,
} from "./model.ts";
import type { MeteringService } from "./service.ts";

const user = "/eom/admin/users/{UserId}";
const tag = "metering";
const none = z.strictObject({});
const userParams = z.object({ UserId: userIdField });
const reservationParams = z.object({ UserId: userIdField, ReservationId: z.string() });
const counted = { description: "Counted, with the levels right after it", schema: meteringSchema };
const reservationAnswer = { description: "The reservation", schema: reservationSchema };

/** The routes of metering as data; the client of order services is typed by them. */
export const meteringSpecs = {
  check: {
    method: "POST",
    path: `${user}/usage/check`,
    operationId: "checkUsage",
    tag,
    summary: "Ask whether it would be allowed; counts nothing",
    description:
      "The key is wanted as with every call of metering. Nothing has happened, so a replay is answered anew.",
    role: "meter",
    params: userParams,
    query: none,
    body: checkUsageSchema,
    answers: { 200: { description: "Allowed or not, and why not", schema: meteringSchema } },
    failures: [],
    idempotent: "by_handler",
  },
  consume: {
    method: "POST",
    path: `${user}/usage/consume`,
    operationId: "consumeUsage",
    tag,
    summary: "Count it if all of it is allowed; negative amounts give back",
    role: "meter",
    params: userParams,
    query: none,
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
    summary: "Count it whatever the limit says",
    role: "admin",
    params: userParams,
    query: none,
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
    summary: "Hold it against the limit until it is committed, released or expires",
    role: "meter",
    params: userParams,
    query: none,
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
    summary: "Count what was used of a reservation and give back the rest",
    role: "meter",
    params: reservationParams,
    query: none,
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
    summary: "Give back all of a reservation",
    role: "meter",
    params: reservationParams,
    query: none,
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
    role: "any",
    params: reservationParams,
    query: none,
    answers: { 200: reservationAnswer },
    failures: ["RESERVATION_NOT_FOUND"],
  },
  usage: {
    method: "GET",
    path: `${user}/usage`,
    operationId: "getUsage",
    tag,
    summary: "Where a user stands now",
    role: "any",
    params: userParams,
    query: none,
    answers: { 200: { description: "By type", schema: userUsageSchema } },
    failures: [],
  },
  ledger: {
    method: "GET",
    path: `${user}/usage/ledger`,
    operationId: "listLedger",
    tag,
    summary: "Every entry of a user's ledger, by time",
    role: "any",
    params: userParams,
    query: listLedgerSchema,
    filters: ledgerFilterNames,
    answers: { 200: { description: "One page", schema: pageSchema(ledgerEntrySchema) } },
    failures: [],
  },
} as const;

/** What an order service asks, and where a user stands. */
export function createMeteringRoutes(service: MeteringService): Route[] {
  return [
    defineRoute(meteringSpecs.check, async ({ params, body }) => ({
      status: 200,
      body: await service.check(params.UserId, body.amounts),
    })),
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
    defineRoute(meteringSpecs.findReservation, async ({ params }) => ({
      status: 200,
      body: await service.findReservation(params.UserId, params.ReservationId),
    })),
    defineRoute(meteringSpecs.usage, async ({ params }) => ({
      status: 200,
      body: { user_id: params.UserId, usage: await service.listUsage(params.UserId) },
    })),
    defineRoute(meteringSpecs.ledger, async ({ params, query, url }) =>
      toPageAnswer({
        query,
        url,
        page: await service.listEntries(params.UserId, query),
        toItem: toLedgerEntry,
        toKey: ({ created, id }) => ({ value: created.toISOString(), id }),
      }),
    ),
  ];
}

/** Holding has no part in what is used: an entry tells the one or the other. */
function toLedgerEntry({ id, type, amount, held, kind, reservation_id, created, created_by }: LedgerRow) {
  const told = kind === "reserve" || kind === "release" || kind === "expire" ? held : amount;
  return { id, type, amount: told, kind, reservation_id, created: created.toISOString(), created_by };
}

function toCall(input: {
  readonly params: { readonly UserId: string };
  readonly caller: { readonly subject: string };
  readonly keyed: KeyedRequest | null;
}) {
  if (input.keyed === null) throw new Error("a call of metering came without its key");
  return { userId: input.params.UserId, subject: input.caller.subject, keyed: input.keyed };
}

function toAnswer(
  status: number,
  { body, isReplay }: { readonly body: unknown; readonly isReplay: boolean },
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, body, headers: isReplay ? { ...headers, "idempotency-replayed": "true" } : headers };
}

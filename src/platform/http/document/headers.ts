import type { FailureCode } from "../../failure.ts";
import { failures } from "../../failure.ts";
import type { AnswerSpec, RouteSpec } from "../route.ts";

/** Response headers of the document: each is one component, to which answers refer. */
export const headerComponents = {
  "X-Request-Id": {
    description: "The id of the request, in EOM's log as `request_id`: the one that was sent, or a new one.",
    schema: { type: "string", example: "01a22d55-0769-76ce-9cb1-5fef819015ca" },
  },
  ETag: {
    description: "The version of the object as an entity tag, for `If-Match` and `If-None-Match`.",
    schema: { type: "string", example: '"3"' },
  },
  Location: {
    description: "The path of the new object.",
    schema: { type: "string", example: "/eom/admin/quotas/01a22d55-0769-76ce-9cb1-5fef819015ca" },
  },
  Link: {
    description: "The next and the previous page (RFC 8288), as far as there are such pages.",
    schema: { type: "string", example: '</eom/admin/quotas?page=1>; rel="next"' },
  },
  "Idempotency-Replayed": {
    description: "Is `true` if this is the kept answer of an earlier request with the same Idempotency-Key.",
    schema: { type: "string", pattern: "^true$", example: "true" },
  },
  "RateLimit-Policy": {
    description: "The limit of the caller: `q` requests in `w` seconds. Absent without a limit.",
    schema: { type: "string", example: '"caller";q=200;w=10' },
  },
  RateLimit: {
    description: "`r` requests are left; all are left again in `t` seconds. Absent without a limit.",
    schema: { type: "string", example: '"caller";r=199;t=1' },
  },
  "Retry-After": {
    description: "Seconds to wait before the request is sent again.",
    schema: { type: "integer", minimum: 0, example: 1 },
  },
  "WWW-Authenticate": {
    description: "How to authenticate.",
    schema: { type: "string", example: 'Bearer realm="eom"' },
  },
} as const;

type HeaderName = keyof typeof headerComponents;
type HeaderReferences = Readonly<Record<string, { readonly $ref: string }>>;

/** The headers of a successful answer. */
export function toAnswerHeaders(spec: RouteSpec, status: number, answer: AnswerSpec): HeaderReferences {
  const names: HeaderName[] = ["X-Request-Id"];
  const members = toMembers(answer);
  if (status === 201) names.push("Location");
  if ("version" in members || 304 in spec.answers) names.push("ETag");
  if ("next_cursor" in members) names.push("Link");
  if (spec.idempotent !== undefined) names.push("Idempotency-Replayed");
  if (spec.role !== "public" && spec.role !== "meter") names.push("RateLimit-Policy", "RateLimit");
  return toReferences(names);
}

/** The headers of an answer that fails with one of `codes`. */
export function toFailureHeaders(codes: readonly FailureCode[]): HeaderReferences {
  const names: HeaderName[] = ["X-Request-Id"];
  if (codes.some((code) => "retryAfterSeconds" in failures[code] || "statusWhenWaitingHelps" in failures[code]))
    names.push("Retry-After");
  if (codes.includes("UNAUTHENTICATED")) names.push("WWW-Authenticate");
  return toReferences(names);
}

/** The members of the answer's object; none for an answer of another form. */
function toMembers({ schema }: AnswerSpec): object {
  return schema !== null && "shape" in schema && typeof schema.shape === "object" ? (schema.shape ?? {}) : {};
}

function toReferences(names: readonly HeaderName[]): HeaderReferences {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

import { MIMEType } from "node:util";
import { toDatabaseFailure } from "../database/faults.ts";
import { Failure, type FailureCode, failures, toStatus } from "../failure.ts";
import { z } from "../resource/schema.ts";
import { securityHeaders } from "./security-headers.ts";

const errorCodeField = z.string().openapi({
  description: "What went wrong, for programs: a code never changes its meaning.",
  example: "QUOTA_NOT_FOUND",
});
const messageField = z.string().openapi({
  description: "What went wrong, for people: what was expected and what came. It has no secret in it.",
  example: "The quota does not exist",
});
const userField = z.string().nullable().openapi({
  description: "The user that the request named in a header such as X-User-Id; null if it named none.",
  example: "user123",
});
const detailsField = z
  .record(z.string(), z.unknown())
  .nullable()
  .describe("More about the failure, with fields that depend on `error_code`. Null if there is no more.");

/** The body of every failing answer. */
export const errorBodySchema = z.object({
  error_code: errorCodeField,
  http_status: z.int().openapi({ description: "The status of the answer.", example: 404 }),
  error_msg: messageField,
  x_user: userField,
  details: detailsField,
});

/** The body for clients that accept `application/problem+json` (RFC 9457), with EOM's own members beside it. */
export const problemSchema = z
  .object({
    type: z.string().openapi({
      description: "The page of the code, as a reference relative to the server.",
      example: "/docs/errors#quota_not_found",
    }),
    title: z.string().openapi({
      description: "The meaning of the code: the same words for every occurrence.",
      example: "The quota does not exist",
    }),
    status: z.int().openapi({ description: "The status of the answer.", example: 404 }),
    detail: messageField,
    instance: z.string().openapi({
      description: "The path of the request.",
      example: "/eom/admin/quotas/01a22d55-0769-76ce-9cb1-5fef819015ca",
    }),
    error_code: errorCodeField,
    x_user: userField,
    details: detailsField,
  })
  .openapi({ description: "A failure as an RFC 9457 problem, for requests that accept application/problem+json." });

interface ErrorContext {
  readonly requestId: string;
  readonly xUser: string | null;
  /** The request's path, for RFC 9457's `instance`. */
  readonly path: string;
  readonly accept: string | null;
  /** In addition to the headers of every failing answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Turns any thrown value into a failure with a public half; an unexpected error becomes an INTERNAL_ERROR. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return (
    toDatabaseFailure(error) ??
    new Failure("INTERNAL_ERROR", "EOM has met an unexpected error: its log has it under the request_id", null, {
      cause: error,
    })
  );
}

/** The answer for a failure, with its status and headers. A 500 has the request's id in place of details. */
export function toErrorResponse(failure: Failure, context: ErrorContext): Response {
  const { title } = failures[failure.code];
  const { status, retryAfterSeconds } = toStatus(failure);
  const shared = {
    error_code: failure.code,
    x_user: context.xUser,
    details: status === 500 ? { request_id: context.requestId } : (failure.details ?? null),
  };
  const headers = new Headers({ ...securityHeaders, ...context.headers });
  headers.set("x-request-id", context.requestId);
  headers.set("cache-control", "no-store");
  if (retryAfterSeconds !== null) headers.set("retry-after", String(retryAfterSeconds));
  if (failure.code === "UNAUTHENTICATED") headers.set("www-authenticate", 'Bearer realm="eom"');
  const isProblem = prefersProblem(context.accept);
  const type = `/docs/errors#${toAnchor(failure.code)}`;
  const body = isProblem
    ? { type, title, status, detail: failure.message, instance: context.path, ...shared }
    : {
        error_code: failure.code,
        http_status: status,
        error_msg: failure.message,
        x_user: shared.x_user,
        details: shared.details,
      };
  headers.set("content-type", isProblem ? "application/problem+json" : "application/json");
  return new Response(JSON.stringify(body), { status, headers });
}

/** The anchor of the code on the page /docs/errors. */
export function toAnchor(code: FailureCode): string {
  return code.toLowerCase();
}

/**
 * Whether Accept names problems, and prefers JSON to them by no weight (RFC 9110, 12.5.1). Without a media range that fits, EOM's own
 * JSON is the answer.
 */
function prefersProblem(accept: string | null): boolean {
  if (accept === null || !/problem/i.test(accept)) return false;
  const weights = parseAccept(accept);
  const problem = weights.get("application/problem+json") ?? 0;
  const json = weights.get("application/json") ?? weights.get("application/*") ?? weights.get("*/*") ?? 0;
  return problem > 0 && problem >= json;
}

/** The weight of each media range, by its type in lower case. A comma in quotes separates nothing. Invalid ranges are left out. */
function parseAccept(accept: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const [range] of accept.matchAll(/(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|$))+/g)) {
    try {
      const { essence, params } = new MIMEType(range);
      const weight = params.get("q") ?? "1";
      weights.set(essence, /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 1);
    } catch {
      // An empty element of the list, or a range that is none.
    }
  }
  return weights;
}

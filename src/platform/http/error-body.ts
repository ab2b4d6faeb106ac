import { toDatabaseFailure } from "../database/faults.ts";
import { Failure, type FailureCode, failures, toStatus } from "../failure.ts";
import { z } from "../resource/schema.ts";
import { securityHeaders } from "./security-headers.ts";

/** The body of every failing answer. */
export const errorBodySchema = z.object({
  error_code: z.string(),
  http_status: z.int(),
  error_msg: z.string(),
  x_user: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

/** The body for clients that accept `application/problem+json` (RFC 9457), with EOM's own members beside it. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  error_code: z.string(),
  x_user: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

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
  const isProblem = acceptsProblem(context.accept);
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

function acceptsProblem(accept: string | null): boolean {
  return accept !== null && /application\/problem\+json(?!\s*;\s*q=0(\.0+)?\s*(,|$))/i.test(accept);
}

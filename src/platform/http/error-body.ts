import { toDatabaseFailure } from "../database/faults.ts";
import { Failure, type FailureCode, failures, toStatus } from "../failure.ts";
import { z } from "../resource/schema.ts";
import { securityHeaders } from "./security-headers.ts";

/** The one shape of every failing answer. */
export const errorBodySchema = z.object({
  error_code: z.string(),
  http_status: z.int(),
  error_msg: z.string(),
  x_user: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
});

/** RFC 9457, for those who ask for `application/problem+json`; with our own members beside it. */
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
  /** Beside those that every failing answer has. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Turns anything thrown into a failure with a public half; what nobody foresaw is an INTERNAL_ERROR. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return (
    toDatabaseFailure(error) ??
    new Failure("INTERNAL_ERROR", "EOM met a fault that it does not know", null, { cause: error })
  );
}

export function toErrorResponse(failure: Failure, context: ErrorContext): Response {
  const { title } = failures[failure.code];
  const { status, retryAfterSeconds } = toStatus(failure);
  const told = {
    error_code: failure.code,
    x_user: context.xUser,
    details: status === 500 ? { request_id: context.requestId } : (failure.details ?? null),
  };
  const headers = new Headers({ ...securityHeaders, ...context.headers });
  headers.set("x-request-id", context.requestId);
  headers.set("cache-control", "no-store");
  if (retryAfterSeconds !== null) headers.set("retry-after", String(retryAfterSeconds));
  if (failure.code === "UNAUTHENTICATED") headers.set("www-authenticate", 'Bearer realm="eom"');
  const problem = wantsProblem(context.accept);
  const type = `/docs/errors#${toAnchor(failure.code)}`;
  const body = problem
    ? { type, title, status, detail: failure.message, instance: context.path, ...told }
    : {
        error_code: failure.code,
        http_status: status,
        error_msg: failure.message,
        x_user: told.x_user,
        details: told.details,
      };
  headers.set("content-type", problem ? "application/problem+json" : "application/json");
  return new Response(JSON.stringify(body), { status, headers });
}

/** Where the error reference explains the code. */
export function toAnchor(code: FailureCode): string {
  return code.toLowerCase();
}

function wantsProblem(accept: string | null): boolean {
  return accept !== null && /application\/problem\+json(?!\s*;\s*q=0(\.0+)?\s*(,|$))/i.test(accept);
}

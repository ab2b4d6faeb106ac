import { z } from "zod";

/** One problem of one field. `path` is a JSON Pointer into the body, or `/name` of a query, path or header parameter. */
export const issueSchema = z.object({
  path: z.string(),
  message: z.string(),
  code: z.string(),
});

export type Issue = z.infer<typeof issueSchema>;

const noDetails = z.null();
const issues = z.object({ issues: z.array(issueSchema) });
const name = z.object({ name: z.string() });
const state = z.object({ state: z.string() });
const dependants = z.object({
  total: z.int(),
  dependants: z.array(z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() })).max(100),
});

const violationSchema = z.object({
  quota_id: z.string().nullable(),
  type: z.string(),
  limit: z.int().nullable(),
  used: z.int(),
  reserved: z.int(),
  requested: z.int(),
  resets_at: z.string().nullable(),
  reason: z.enum(["limit", "expired", "disabled", "no_quota"]),
});
const request = z.object({ request_id: z.string() });

interface FailureKind {
  readonly status: number;
  /** What RFC 9457 calls the title: the same words for every occurrence. */
  readonly title: string;
  readonly details: z.ZodType;
  /** The least a client should wait before it asks again; tells it in `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** In place of `status`, for an occurrence that says by itself how long to wait. */
  readonly statusWhenWaitingHelps?: number;
}

/**
 * Every failure that EOM can answer with. The one table: the OpenAPI document and docs/reference/errors.md are made from
 * it, and a test walks each row through the app. A code, once published, never changes its meaning.
 */
export const failures = {
  MALFORMED_JSON: { status: 400, title: "The body is not JSON", details: issues },
  VALIDATION_ERROR: { status: 400, title: "The request is not valid", details: issues },
  CRON_PARSE_ERROR: {
    status: 400,
    title: "The cron expression cannot be used",
    details: z.object({ expression: z.string(), position: z.int().optional(), reason: z.string() }),
  },
  UNAUTHENTICATED: { status: 401, title: "No valid authentication", details: noDetails },
  FORBIDDEN: { status: 403, title: "Not allowed for this role", details: z.object({ required_role: z.string() }) },
  ROUTE_NOT_FOUND: { status: 404, title: "No such route", details: noDetails },
  METHOD_NOT_ALLOWED: { status: 405, title: "The route has no such method", details: noDetails },
  STORAGE_NOT_FOUND: { status: 404, title: "The storage does not exist", details: noDetails },
  QUOTA_NOT_FOUND: { status: 404, title: "The quota does not exist", details: noDetails },
  USER_QUOTA_NOT_FOUND: { status: 404, title: "The user does not have this quota", details: noDetails },
  RESERVATION_NOT_FOUND: { status: 404, title: "The reservation does not exist", details: noDetails },
  SCHEDULE_NOT_FOUND: { status: 404, title: "The schedule does not exist", details: noDetails },
  SESSION_NOT_FOUND: { status: 404, title: "The session does not exist", details: noDetails },
  BACKFILL_NOT_FOUND: { status: 404, title: "The backfill does not exist", details: noDetails },
  BULK_NOT_FOUND: { status: 404, title: "The bulk action does not exist", details: noDetails },
  DAGSTER_ERROR: {
    status: 502,
    title: "The engine could not be asked",
    details: z.object({ reason: z.string() }),
  },
  ENGINE_NOT_FOUND: { status: 404, title: "The engine does not exist", details: noDetails },
  TOKEN_NOT_FOUND: { status: 404, title: "The token does not exist", details: noDetails },
  WEBHOOK_NOT_FOUND: { status: 404, title: "The webhook does not exist", details: noDetails },
  DELIVERY_NOT_FOUND: { status: 404, title: "The delivery does not exist", details: noDetails },
  STORAGE_NAME_CONFLICT: { status: 409, title: "The name belongs to another storage", details: name },
  STORAGE_LOCATION_CONFLICT: {
    status: 409,
    title: "The location overlaps with another storage",
    details: z.object({
      conflicts: z.array(z.object({ id: z.string(), name: z.string(), prefix: z.string() })),
    }),
  },
  STORAGE_IN_USE: {
    status: 409,
    title: "The storage is in use",
    details: dependants,
  },
  QUOTA_NAME_CONFLICT: { status: 409, title: "The name belongs to another quota", details: name },
  QUOTA_IN_USE: { status: 409, title: "The quota is in use", details: dependants },
  USER_QUOTA_CONFLICT: {
    status: 409,
    title: "The user has a quota of this type",
    details: z.object({ type: z.string(), quota_id: z.string() }),
  },
  RESERVATION_CLOSED: { status: 409, title: "The reservation is closed", details: state },
  SCHEDULE_NAME_CONFLICT: { status: 409, title: "The name belongs to another schedule", details: name },
  SESSION_STATE_CONFLICT: { status: 409, title: "The session's state does not allow this", details: state },
  BULK_TOTAL_CONFLICT: {
    status: 409,
    title: "The filter finds another number than expected",
    details: z.object({ expected: z.int(), total: z.int() }),
  },
  IDEMPOTENCY_IN_FLIGHT: {
    status: 409,
    title: "The first request with this key is still running",
    details: noDetails,
    retryAfterSeconds: 1,
  },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: "The key belongs to another request", details: noDetails },
  PRECONDITION_FAILED: {
    status: 412,
    title: "The object has another version",
    details: z.object({ version: z.int() }),
  },
  REQUEST_TIMEOUT: { status: 408, title: "The request did not come in time", details: noDetails },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The body is too large", details: z.object({ limit: z.int() }) },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body's media type is not supported",
    details: z.object({ supported: z.array(z.string()) }),
  },
  HEADERS_TOO_LARGE: { status: 431, title: "The head is too large", details: z.object({ limit: z.int() }) },
  QUOTA_EXCEEDED: {
    status: 403,
    statusWhenWaitingHelps: 429,
    title: "The quota does not allow it",
    details: z.object({ violations: z.array(violationSchema) }),
  },
  RATE_LIMITED: { status: 429, title: "Too much at once", details: noDetails, retryAfterSeconds: 1 },
  INTERNAL_ERROR: { status: 500, title: "A fault in EOM", details: request },
  DATABASE_ERROR: { status: 500, title: "The database refused a statement", details: request },
  CONFIGURATION_ERROR: { status: 500, title: "EOM is not set up rightly", details: request },
  S3_CONNECTION_FAILED: {
    status: 502,
    title: "The storage cannot be used",
    details: z.object({
      reason: z.string(),
      hint: z.string().nullable(),
      checks: z.array(z.record(z.string(), z.unknown())),
    }),
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: "The database cannot be reached",
    details: noDetails,
    retryAfterSeconds: 2,
  },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    status: 503,
    title: "The identity provider gives no keys",
    details: noDetails,
    retryAfterSeconds: 5,
  },
  SECRET_STORE_UNAVAILABLE: {
    status: 503,
    title: "The secret store cannot be used",
    details: noDetails,
    retryAfterSeconds: 5,
  },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof failures;

/** What a failure of this code tells beside its message. `request_id` is added at the border, where it is known. */
export type FailureDetails<Code extends FailureCode> =
  z.infer<(typeof failures)[Code]["details"]> extends { request_id: string }
    ? null
    : z.infer<(typeof failures)[Code]["details"]>;

/**
 * A failure with a public half (code, message, details), which clients read, and a hidden one (cause), which only the
 * log gets. Its message says what was wanted and what came, and never holds a secret or the cause's text.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly details: unknown;
  /** Of this occurrence; null when the kind's own holds. */
  readonly retryAfterSeconds: number | null;

  constructor(code: FailureCode, message: string, details: unknown, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.code = code;
    this.details = details;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

interface FailureOptions {
  /** Stays hidden. */
  readonly cause?: unknown;
  /** Whole seconds after which the same request may go through. */
  readonly retryAfterSeconds?: number;
}

/** Every status that failures of this code can have. */
export function listStatuses(code: FailureCode): number[] {
  const { status, statusWhenWaitingHelps }: FailureKind = failures[code];
  return statusWhenWaitingHelps === undefined ? [status] : [status, statusWhenWaitingHelps];
}

/** What the client is told of the failure in the status line and in `Retry-After`. */
export function toStatus(failure: Failure): { readonly status: number; readonly retryAfterSeconds: number | null } {
  const kind: FailureKind = failures[failure.code];
  const retryAfterSeconds = failure.retryAfterSeconds ?? kind.retryAfterSeconds ?? null;
  const status = failure.retryAfterSeconds === null ? kind.status : (kind.statusWhenWaitingHelps ?? kind.status);
  return { status, retryAfterSeconds };
}

/** Builds a failure whose details fit its code. */
export function fail<Code extends FailureCode>(
  code: Code,
  message: string,
  details: FailureDetails<Code>,
  options?: FailureOptions,
): Failure {
  return new Failure(code, message, details, options);
}

/** A VALIDATION_ERROR of one field; `path` is its JSON Pointer. */
export function invalid(path: string, message: string, code = "custom"): Failure {
  return fail("VALIDATION_ERROR", `The request is not valid: ${path} ${message}`, {
    issues: [{ path, message, code }],
  });
}

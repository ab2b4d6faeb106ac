import { z } from "zod";

/** Issues listed in an answer: the input may have as many as it has values. */
const maxIssues = 100;
/** Characters of an issue's path in an answer. A path into the input of a route is shorter. */
const maxPathLength = 500;

/** One problem of one field. `path` is a JSON Pointer into the body, or `/name` for a query, path or header parameter. */
export const issueSchema = z.object({
  path: z.string(),
  message: z.string(),
  code: z.string(),
});

/** As {@link issueSchema}. */
export type Issue = z.infer<typeof issueSchema>;

const noDetails = z.null();
const issues = z.object({
  issues: z.array(issueSchema).max(maxIssues),
  /** How many there are; some are not listed if there are more than 100. */
  total_issues: z.int(),
});
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
  /** The title of RFC 9457: the same words for every occurrence. */
  readonly title: string;
  readonly details: z.ZodType;
  /** Sent in `Retry-After`: a client should wait at least this long before it sends the request again. */
  readonly retryAfterSeconds?: number;
  /** In place of `status`, when the occurrence itself says how long to wait: 429 for a quota that begins anew. */
  readonly statusWhenWaitingHelps?: number;
}

/**
 * Every failure that EOM can answer with. The OpenAPI document and docs/reference/errors.md are made from this table, and
 * test/contract/ provokes each row in the app. A published code never changes its meaning.
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
  METHOD_NOT_ALLOWED: { status: 405, title: "The route does not have this method", details: noDetails },
  STORAGE_NOT_FOUND: { status: 404, title: "The storage does not exist", details: noDetails },
  COLLECTION_NOT_FOUND: { status: 404, title: "No collection has this id", details: noDetails },
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
    title: "The filter matches another number of objects than expected",
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
  REQUEST_TIMEOUT: { status: 408, title: "The request did not arrive in time", details: noDetails },
  PAYLOAD_TOO_LARGE: { status: 413, title: "The body is too large", details: z.object({ limit: z.int() }) },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body's media type is not supported",
    details: z.object({ supported: z.array(z.string()) }),
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: "The request line and headers are too large",
    details: z.object({ limit: z.int() }),
  },
  QUOTA_EXCEEDED: {
    status: 403,
    statusWhenWaitingHelps: 429,
    title: "The quota does not allow it",
    details: z.object({ violations: z.array(violationSchema) }),
  },
  RATE_LIMITED: { status: 429, title: "Too many requests", details: noDetails, retryAfterSeconds: 1 },
  INTERNAL_ERROR: { status: 500, title: "A fault in EOM", details: request },
  DATABASE_ERROR: { status: 500, title: "The database refused a statement", details: request },
  CONFIGURATION_ERROR: { status: 500, title: "EOM is not configured correctly", details: request },
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
    title: "The identity provider cannot be reached",
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

/** A code of the table, as clients see it in `error_code`. */
export type FailureCode = keyof typeof failures;

/** The details of a failure of this code. `request_id` is added to the answer in platform/http, which knows it. */
export type FailureDetails<Code extends FailureCode> =
  z.infer<(typeof failures)[Code]["details"]> extends { request_id: string }
    ? null
    : z.infer<(typeof failures)[Code]["details"]>;

/**
 * A failure with a public half for clients (code, message, details) and a hidden half for the log (cause). The message
 * says what was wrong and what is expected, and never contains a secret or the text of the cause.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly details: unknown;
  /** For this occurrence; null when the table's applies. */
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
  /** For the log alone. */
  readonly cause?: unknown;
  /** Whole seconds after which the same request may go through. */
  readonly retryAfterSeconds?: number;
}

/** Every status that failures of this code can have. */
export function listStatuses(code: FailureCode): number[] {
  const { status, statusWhenWaitingHelps }: FailureKind = failures[code];
  return statusWhenWaitingHelps === undefined ? [status] : [status, statusWhenWaitingHelps];
}

/** The status line and `Retry-After` of the answer. */
export function toStatus(failure: Failure): { readonly status: number; readonly retryAfterSeconds: number | null } {
  const kind: FailureKind = failures[failure.code];
  const retryAfterSeconds = failure.retryAfterSeconds ?? kind.retryAfterSeconds ?? null;
  const status = failure.retryAfterSeconds === null ? kind.status : (kind.statusWhenWaitingHelps ?? kind.status);
  return { status, retryAfterSeconds };
}

/**
 * Builds a failure whose details fit its code.
 *
 * @param message what was wrong, what is expected, what to do; without secrets
 */
export function fail<Code extends FailureCode>(
  code: Code,
  message: string,
  details: FailureDetails<Code>,
  options?: FailureOptions,
): Failure {
  return new Failure(code, message, details, options);
}

/**
 * Builds a VALIDATION_ERROR of at least one issue; its message has the first, its details list the first 100.
 */
export function invalidRequest(issues: readonly Issue[]): Failure {
  const listed = issues.slice(0, maxIssues).map((issue) => ({ ...issue, path: issue.path.slice(0, maxPathLength) }));
  const [first] = listed;
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const sentence = `The request is not valid: ${first?.path} ${first?.message}${rest}`;
  return fail("VALIDATION_ERROR", sentence, { issues: listed, total_issues: issues.length });
}

/**
 * Builds a VALIDATION_ERROR of one field.
 *
 * @param path its JSON Pointer, as `/trigger/expression`
 * @param message goes on after the path: `must be a whole number`
 */
export function invalid(path: string, message: string, code = "custom"): Failure {
  return invalidRequest([{ path, message, code }]);
}

import type { ErrorCode, QuotaViolation } from "../generated/types.ts";
import type { UndecidedReason } from "./undecided.ts";

/** The parts of an error. */
export interface ErrorParts {
  readonly code: string;
  readonly status: number | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
}

/** A call that has no result. Every error that the client throws about a call is one; its class says which kind. */
export class EomError extends Error {
  /**
   * A code of EOM's reference of errors, or one of the client: `INVALID_ANSWER` (a success that is not EOM's, such as a login page),
   * `GATEWAY_ERROR` (a failure of a server between), `UNREACHABLE` (no answer at all).
   */
  readonly code: ErrorCode | "INVALID_ANSWER" | "GATEWAY_ERROR" | "UNREACHABLE" | (string & {});
  /** The status of the answer; null without an answer. */
  readonly status: number | null;
  readonly details: Readonly<Record<string, unknown>> | null;
  /** Identifies the request in EOM's log. */
  readonly requestId: string | null;
  /** Seconds after which the same call may succeed, if EOM said so. */
  readonly retryAfterSeconds: number | null;

  constructor({ code, status, message, details, requestId, retryAfterSeconds }: ErrorParts) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The request is not valid as it was sent: 400, 413, 415, 431. `details.issues` names the fields. */
export class ValidationError extends EomError {}
/** CRON_PARSE_ERROR: `details` has the expression, the position and the reason. */
export class CronParseError extends ValidationError {}
/** No valid token. */
export class UnauthenticatedError extends EomError {}
/** The token's role does not allow it; `details.required_role` would. */
export class ForbiddenError extends EomError {}
/** The object or the route does not exist. */
export class NotFoundError extends EomError {}
/** Another object, or the object's state, does not allow it. */
export class ConflictError extends EomError {}
/** USER_QUOTA_CONFLICT: the user has a quota of this type. */
export class UserQuotaConflictError extends ConflictError {}
/** The Idempotency-Key belongs to another request, or to one that still runs. */
export class IdempotencyError extends ConflictError {}
/** The object has another version than `ifMatch`; `details.version` is the present one. */
export class PreconditionFailedError extends EomError {}
/** RATE_LIMITED, and 429 of a gateway: too many requests. */
export class RateLimitedError extends EomError {}
/** The engine could not be asked. */
export class DagsterError extends EomError {}
/** The storage cannot be used: `details.reason` and `details.hint` say why. */
export class S3ConnectionError extends EomError {}
/** EOM, or a part that it needs, is away for now: 502, 503, 504. */
export class UnavailableError extends EomError {}
/** The request did not arrive in time. */
export class RequestTimeoutError extends EomError {}
/** A fault in EOM; `requestId` finds it in the log. */
export class ServerError extends EomError {}
/** The answer is not EOM's: `baseUrl` leads to another server. */
export class InvalidAnswerError extends EomError {}

/** The quota does not allow it; nothing was counted. */
export class QuotaExceededError extends EomError {
  /** One for each type that refuses. */
  get violations(): readonly QuotaViolation[] {
    return (this.details?.["violations"] ?? []) as readonly QuotaViolation[];
  }
}

interface Silence {
  readonly operation: string;
  readonly reason: UndecidedReason;
  readonly detail: string | null;
  readonly attempts: number;
  readonly idempotencyKey: string | null;
}

/** EOM has not decided the call. */
export class EomUnreachableError extends EomError {
  readonly reason: UndecidedReason;
  /** A code of the system (`ECONNREFUSED`) or of EOM (`DATABASE_UNAVAILABLE`). */
  readonly detail: string | null;
  readonly attempts: number;
  /** EOM may have carried out an attempt. The same call with this key gets its answer. Null for a call without a key. */
  readonly idempotencyKey: string | null;

  constructor({ operation, reason, detail, attempts, idempotencyKey }: Silence) {
    const last = detail === null ? reason : `${reason}, ${detail}`;
    const message = `EOM gave no answer to ${operation} in ${attempts} attempts; the last one failed with ${last}`;
    super({ code: "UNREACHABLE", status: null, message, details: null, requestId: null, retryAfterSeconds: null });
    this.reason = reason;
    this.detail = detail;
    this.attempts = attempts;
    this.idempotencyKey = idempotencyKey;
  }
}

const classes = {
  EomError,
  ValidationError,
  CronParseError,
  UnauthenticatedError,
  ForbiddenError,
  NotFoundError,
  ConflictError,
  UserQuotaConflictError,
  IdempotencyError,
  PreconditionFailedError,
  RateLimitedError,
  DagsterError,
  S3ConnectionError,
  UnavailableError,
  RequestTimeoutError,
  ServerError,
  InvalidAnswerError,
  QuotaExceededError,
  EomUnreachableError,
};

// Names as texts: a bundler that minifies renames classes, and `constructor.name` with them.
for (const [name, { prototype }] of Object.entries(classes)) Object.defineProperty(prototype, "name", { value: name });

type ErrorClass = new (parts: ErrorParts) => EomError;

/** Classes of codes that have another one than their status. */
const byCode: Readonly<Record<string, ErrorClass>> = {
  CRON_PARSE_ERROR: CronParseError,
  USER_QUOTA_CONFLICT: UserQuotaConflictError,
  IDEMPOTENCY_IN_FLIGHT: IdempotencyError,
  IDEMPOTENCY_KEY_REUSED: IdempotencyError,
  QUOTA_EXCEEDED: QuotaExceededError,
  DAGSTER_ERROR: DagsterError,
  S3_CONNECTION_FAILED: S3ConnectionError,
  INVALID_ANSWER: InvalidAnswerError,
};

/** Classes by status: a code that a later EOM adds has the class of its kind. */
const byStatus: Readonly<Record<number, ErrorClass>> = {
  400: ValidationError,
  401: UnauthenticatedError,
  403: ForbiddenError,
  404: NotFoundError,
  405: NotFoundError,
  408: RequestTimeoutError,
  409: ConflictError,
  412: PreconditionFailedError,
  413: ValidationError,
  415: ValidationError,
  422: ConflictError,
  429: RateLimitedError,
  431: ValidationError,
  500: ServerError,
  502: UnavailableError,
  503: UnavailableError,
  504: UnavailableError,
};

/** The error of a failing answer: its class is that of its code, otherwise that of its status. */
export function toEomError(parts: ErrorParts): EomError {
  const Class = byCode[parts.code] ?? byStatus[parts.status ?? 0] ?? EomError;
  return new Class(parts);
}

import type { OperationName } from "./operations.ts";
import type { UndecidedReason } from "./outcome.ts";

interface Refusal {
  readonly errorCode: string;
  readonly httpStatus: number;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly requestId: string | null;
}

/**
 * EOM answered, but neither allowed nor denied: the request or the configuration is wrong, or EOM has a fault. It is thrown
 * under `failOpen` as well as under `failClosed`.
 */
export class EomError extends Error {
  /** A code of EOM's reference of errors, or `INVALID_ANSWER` for an answer that is not EOM's, such as a login page. */
  readonly errorCode: string;
  readonly httpStatus: number;
  readonly details: Readonly<Record<string, unknown>> | null;
  /** Identifies the request in EOM's log. */
  readonly requestId: string | null;

  constructor({ errorCode, httpStatus, message, details, requestId }: Refusal) {
    super(message);
    this.name = "EomError";
    this.errorCode = errorCode;
    this.httpStatus = httpStatus;
    this.details = details;
    this.requestId = requestId;
  }
}

interface Silence {
  readonly operation: OperationName;
  readonly reason: UndecidedReason;
  readonly detail: string | null;
  readonly attempts: number;
  readonly idempotencyKey: string | null;
}

/** EOM has not decided the call. Thrown under `failClosed`, and by `usage`, which has nothing to assume. */
export class EomUnreachableError extends Error {
  readonly reason: UndecidedReason;
  /** A code of the system (`ECONNREFUSED`) or of EOM (`DATABASE_UNAVAILABLE`). */
  readonly detail: string | null;
  readonly attempts: number;
  /** EOM may have counted an attempt. The same call with this key gets its answer, and counts once. Null for reading. */
  readonly idempotencyKey: string | null;

  constructor({ operation, reason, detail, attempts, idempotencyKey }: Silence) {
    const last = detail === null ? reason : `${reason}, ${detail}`;
    super(`EOM gave no answer to ${operation} in ${attempts} attempts; the last one failed with ${last}`);
    this.name = "EomUnreachableError";
    this.reason = reason;
    this.detail = detail;
    this.attempts = attempts;
    this.idempotencyKey = idempotencyKey;
  }
}

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
 * EOM answered, and neither with a yes nor with a denial: the request or the set-up is wrong, or EOM has a fault. Thrown
 * whatever was chosen for an EOM that cannot be reached.
 */
export class EomError extends Error {
  /** Of docs/reference/errors.md, or `INVALID_ANSWER` for an answer that EOM does not give: another server's, say. */
  readonly errorCode: string;
  readonly httpStatus: number;
  readonly details: Readonly<Record<string, unknown>> | null;
  /** Finds the request in EOM's log. */
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

/** EOM gave no decision, and the client fails closed, or was asked for what cannot be assumed. */
export class EomUnreachableError extends Error {
  readonly reason: UndecidedReason;
  /** A code of the system (`ECONNREFUSED`) or of EOM (`DATABASE_UNAVAILABLE`). */
  readonly detail: string | null;
  readonly attempts: number;
  /** An attempt may have been counted: the same call with this key finds out, and counts once. Null for reading. */
  readonly idempotencyKey: string | null;

  constructor({ operation, reason, detail, attempts, idempotencyKey }: Silence) {
    const last = detail === null ? reason : `${reason}, ${detail}`;
    super(`EOM gave no answer to ${operation} in ${attempts} attempts; the last: ${last}`);
    this.name = "EomUnreachableError";
    this.reason = reason;
    this.detail = detail;
    this.attempts = attempts;
    this.idempotencyKey = idempotencyKey;
  }
}

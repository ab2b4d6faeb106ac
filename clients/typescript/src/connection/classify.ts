import type { QuotaViolation } from "../generated/types.ts";
import type { Loss, Reply } from "./attempt.ts";
import { type EomError, toEomError } from "./errors.ts";
import type { UndecidedReason } from "./undecided.ts";

/** A JSON object. */
export type Body = Readonly<Record<string, unknown>>;

/** The part of an operation that recognises its success. */
export interface Expectation {
  /** Whether the answer is the operation's: other JSON, such as a gateway's, must not count as a success. Empty texts are null. */
  readonly isAnswer: (status: number, body: Body | null) => boolean;
  /** Whether the body is no JSON. */
  readonly isText: boolean;
}

/** EOM has not decided the call; another attempt may get a decision. */
export interface Undecided {
  readonly kind: "undecided";
  readonly reason: UndecidedReason;
  readonly detail: string | null;
  readonly retryAfterMilliseconds: number | null;
  /** The failing answer; null without an answer. */
  readonly error: EomError | null;
}

/** The kinds of results of an attempt. */
export type Classification =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** The text of an operation whose answer is no JSON. */
      readonly body: Body | string | null;
      readonly isReplay: boolean;
    }
  | {
      readonly kind: "denied";
      readonly violations: readonly QuotaViolation[];
      readonly retryAfterSeconds: number | null;
      readonly error: EomError;
    }
  | Undecided
  /** A success that is not EOM's. Another attempt may reach EOM, but another server is never an EOM that is down. */
  | { readonly kind: "unreadable"; readonly error: EomError }
  | { readonly kind: "refused"; readonly error: EomError };

const maxMessageLength = 1000;

/** Classifies the result of an attempt. @param token is removed from all texts of a failing answer */
export function classifyAttempt(attempt: Reply | Loss, expectation: Expectation, token: string): Classification {
  if (attempt.kind === "lost") return { ...attempt, kind: "undecided", retryAfterMilliseconds: null, error: null };
  const { status, headers, text } = attempt;
  const body = expectation.isText ? null : parseObject(text);
  // 304 is the answer to a conditional read, and a success too.
  const isSuccess = (status >= 200 && status < 300) || status === 304;
  if (isSuccess && (text === "" || expectation.isText || body !== null) && expectation.isAnswer(status, body)) {
    const isReplay = headers.get("idempotency-replayed") === "true";
    return { kind: "answered", status, body: expectation.isText ? text : body, isReplay };
  }
  return classifyFailure(attempt, (secret) => secret.replaceAll(token, "[token]"));
}

function classifyFailure({ status, headers, text }: Reply, redact: (text: string) => string): Classification {
  const body = parseObject(text === null ? null : redact(text));
  const code = findErrorCode(body);
  const requestId = redact(headers.get("x-request-id") ?? "");
  const retryAfterMilliseconds = parseRetryAfter(headers.get("retry-after"));
  const retryAfterSeconds = retryAfterMilliseconds === null ? null : Math.ceil(retryAfterMilliseconds / 1000);
  const error = toError({ status, code, body, requestId: requestId === "" ? null : requestId, retryAfterSeconds });
  if (status >= 200 && status < 300) return { kind: "unreadable", error };
  if (code === "QUOTA_EXCEEDED") {
    const violations = findViolations(body);
    return violations === null ? { kind: "refused", error } : { kind: "denied", violations, retryAfterSeconds, error };
  }
  const reason = findReason(status, code);
  if (reason === null) return { kind: "refused", error };
  return { kind: "undecided", reason, detail: code ?? `HTTP_${status}`, retryAfterMilliseconds, error };
}

function findReason(status: number, code: string | null): UndecidedReason | null {
  // EOM asked the storage and has its verdict, usually a wrong address or credential: another attempt takes as long and finds the same.
  if (code === "S3_CONNECTION_FAILED") return null;
  if (isGatewayStatus(status)) return "unavailable";
  if (status === 429) return "rate_limited";
  return code === "IDEMPOTENCY_IN_FLIGHT" ? "in_flight" : null;
}

function isGatewayStatus(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** The error code of EOM's error body; null for any other body. */
function findErrorCode(body: Body | null): string | null {
  const code = body?.["error_code"];
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : null;
}

interface FailingAnswer {
  readonly status: number;
  readonly code: string | null;
  readonly body: Body | null;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
}

function toError({ code, body, ...answer }: FailingAnswer): EomError {
  if (code === null) return toForeignError(answer);
  const { error_msg: text, details } = body ?? {};
  const message = typeof text === "string" ? text.slice(0, maxMessageLength) : `EOM refused the request with ${code}`;
  return toEomError({ ...answer, code, message, details: isObject(details) ? details : null });
}

/** The error of an answer that has no code of EOM. */
function toForeignError(answer: Pick<FailingAnswer, "status" | "requestId" | "retryAfterSeconds">): EomError {
  const { status } = answer;
  if (isGatewayStatus(status) || status === 429) {
    const message = `A server between answered with status ${status}: EOM may be away`;
    return toEomError({ ...answer, code: "GATEWAY_ERROR", message, details: null });
  }
  const message = `The answer with status ${status} is not from EOM: check that baseUrl is EOM's address`;
  return toEomError({ ...answer, code: "INVALID_ANSWER", message, details: null });
}

function findViolations(body: Body | null): readonly QuotaViolation[] | null {
  const details = body?.["details"];
  if (!isObject(details) || !Array.isArray(details["violations"])) return null;
  return details["violations"] as readonly QuotaViolation[];
}

function parseObject(text: string | null): Body | null {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Milliseconds from a header of seconds or of a date (RFC 9110, 10.2.3): gateways in front of EOM may send either. */
function parseRetryAfter(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

/** Whether a JSON value is an object, and not an array or null. */
export function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import type { Loss, Reply } from "./attempt.ts";
import type { Violation } from "./contract.ts";
import { EomError } from "./error.ts";
import { isObject, type Operation } from "./operations.ts";
import type { UndecidedReason } from "./outcome.ts";

type Body = Readonly<Record<string, unknown>>;

/** EOM has not decided the call; another attempt may get a decision. */
export interface Undecided {
  readonly kind: "undecided";
  readonly reason: UndecidedReason;
  readonly detail: string | null;
  readonly retryAfterMilliseconds: number | null;
}

/** The kinds of results of an attempt. */
export type Classification =
  | { readonly kind: "answered"; readonly body: Body; readonly isReplay: boolean }
  | {
      readonly kind: "denied";
      readonly violations: readonly Violation[];
      readonly retryAfterSeconds: number | null;
      /** For operations that have no denial. */
      readonly error: EomError;
    }
  | Undecided
  /** A success that is not EOM's. Another attempt may reach EOM, but another server is never an EOM that is down. */
  | { readonly kind: "unreadable"; readonly error: EomError }
  | { readonly kind: "refused"; readonly error: EomError };

const maxMessageLength = 1000;

/** Classifies the result of an attempt. @param token is removed from all texts of a failing answer */
export function classifyAttempt(attempt: Reply | Loss, operation: Operation, token: string): Classification {
  if (attempt.kind === "lost") return { ...attempt, kind: "undecided", retryAfterMilliseconds: null };
  const body = parseObject(attempt.text);
  if (body !== null && attempt.status === operation.status && operation.isAnswer(body)) {
    return { kind: "answered", body, isReplay: attempt.headers.get("idempotency-replayed") === "true" };
  }
  return classifyFailure(attempt, (text) => text.replaceAll(token, "[token]"));
}

function classifyFailure({ status, headers, text }: Reply, redact: (text: string) => string): Classification {
  const body = parseObject(text === null ? null : redact(text));
  const code = findErrorCode(body);
  const error = toError({ status, code, body, requestId: redact(headers.get("x-request-id") ?? "") });
  if (status >= 200 && status < 300) return { kind: "unreadable", error };
  const retryAfterMilliseconds = parseRetryAfter(headers.get("retry-after"));
  if (code === "QUOTA_EXCEEDED") {
    const violations = findViolations(body);
    if (violations === null) return { kind: "refused", error };
    return { kind: "denied", violations, retryAfterSeconds: toSeconds(retryAfterMilliseconds), error };
  }
  const reason = findReason(status, code);
  if (reason === null) return { kind: "refused", error };
  return { kind: "undecided", reason, detail: code ?? `HTTP_${status}`, retryAfterMilliseconds };
}

function findReason(status: number, code: string | null): UndecidedReason | null {
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  if (status === 429) return "rate_limited";
  return code === "IDEMPOTENCY_IN_FLIGHT" ? "in_flight" : null;
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
  readonly requestId: string;
}

function toError({ status, code, body, requestId }: FailingAnswer): EomError {
  const answer = { httpStatus: status, requestId: requestId === "" ? null : requestId };
  if (code === null) {
    const message = `The answer with status ${status} is not from EOM: check that baseUrl is EOM's address`;
    return new EomError({ ...answer, errorCode: "INVALID_ANSWER", message, details: null });
  }
  const { error_msg: text, details } = body ?? {};
  const message = typeof text === "string" ? text.slice(0, maxMessageLength) : `EOM refused the request with ${code}`;
  return new EomError({ ...answer, errorCode: code, message, details: isObject(details) ? details : null });
}

function findViolations(body: Body | null): readonly Violation[] | null {
  const details = body?.["details"];
  if (!isObject(details) || !Array.isArray(details["violations"])) return null;
  return details["violations"] as readonly Violation[];
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

function toSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.ceil(milliseconds / 1000);
}

import type { Clock } from "../../platform/clock.ts";
import { EgressForbidden } from "../../platform/egress/forbidden.ts";
import { S3Failure, type S3Fault } from "./failure.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { type Reason, reasons } from "./reasons.ts";
import { readSdkError, type SdkError } from "./sdk-error.ts";
import { parseRegion } from "./validation.ts";

/** Where and with what the call was made that failed. */
export interface CallContext {
  readonly location: S3Location;
  readonly credential: S3Credential;
  readonly clock: Clock;
  /** What was being done, as in "list objects"; hints go on with "in the bucket …". */
  readonly doing: string;
}

/**
 * Names what went wrong in a call, whatever the SDK, the agents or Node threw. Nothing that a server sent goes into the
 * hint, save a region and a date that have the shape of one.
 */
export function toReason(error: unknown, context: CallContext): S3Fault {
  if (error instanceof S3Failure) return error;
  const seen = readSdkError(error);
  return createFault(findReason(error, seen), context, seen, error instanceof EgressForbidden ? error.message : null);
}

/** The same as an error to throw, its cause cleaned of what the server sent and of the credential. */
export function toS3Failure(error: unknown, context: CallContext): S3Failure {
  if (error instanceof S3Failure) return error;
  return new S3Failure(toReason(error, context), toCause(error, context.credential));
}

/** A fault that EOM itself finds in an answer. */
export function createFault(
  reason: Reason,
  { location, clock, doing }: CallContext,
  seen: SdkError = readSdkError(null),
  refusal: string | null = null,
): S3Fault {
  const hint = reasons[reason].hint({
    host: URL.parse(location.endpoint)?.host ?? "the endpoint",
    bucket: location.bucket,
    region: location.region,
    pathStyle: location.path_style,
    doing,
    expectedRegion: seen.region !== null && "value" in parseRegion(seen.region) ? seen.region : null,
    ourTime: clock.now(),
    theirTime: seen.date,
    refusal,
  });
  return { reason, hint, http_status: seen.status };
}

function findReason(error: unknown, seen: SdkError): Reason {
  if (error instanceof EgressForbidden) return "endpoint_forbidden";
  return findByNodeCode(seen) ?? findByS3Code(seen) ?? findByStatus(seen);
}

const reasonOfNodeCode: Record<string, Reason> = {
  ENOTFOUND: "dns_failure",
  EAI_AGAIN: "dns_failure",
  EAI_FAIL: "dns_failure",
  EAI_NODATA: "dns_failure",
  ECONNREFUSED: "connection_refused",
  EHOSTUNREACH: "host_unreachable",
  ENETUNREACH: "host_unreachable",
  EHOSTDOWN: "host_unreachable",
  EADDRNOTAVAIL: "host_unreachable",
  ECONNRESET: "connection_reset",
  ECONNABORTED: "connection_reset",
  EPIPE: "connection_reset",
  ERR_STREAM_PREMATURE_CLOSE: "connection_reset",
  RESPONSE_TOO_LARGE: "response_too_large",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls_hostname_mismatch",
  CERT_HAS_EXPIRED: "tls_expired",
  CERT_NOT_YET_VALID: "tls_expired",
  CERT_UNTRUSTED: "tls_untrusted",
  CERT_REJECTED: "tls_untrusted",
  CERT_SIGNATURE_FAILURE: "tls_untrusted",
  INVALID_CA: "tls_untrusted",
  INVALID_PURPOSE: "tls_untrusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls_untrusted",
  SELF_SIGNED_CERT_IN_CHAIN: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT: "tls_untrusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls_untrusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls_untrusted",
};

function findByNodeCode({ name, code, message, duringConnect }: SdkError): Reason | null {
  if (name === "TimeoutError" && code === "ECONNRESET") return "connection_reset";
  if (code === "ETIMEDOUT") return duringConnect ? "connect_timeout" : "request_timeout";
  // The SDK's own limit for connecting has a name and no code.
  if (name === "TimeoutError" && code === null) return "connect_timeout";
  if (name === "AbortError") return "request_timeout";
  if (code === null) return null;
  const known = reasonOfNodeCode[code];
  if (known !== undefined) return known;
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return /wrong.version.number|packet.length.too.long|http.request|https.proxy.request/i.test(`${code} ${message}`)
      ? "tls_not_tls"
      : "tls_failed";
  }
  if (code.startsWith("ERR_TLS_")) return "tls_failed";
  // Of Node's HTTP parser: what answers is not even HTTP.
  return code.startsWith("HPE_") ? "not_s3" : null;
}

const reasonOfS3Code: Record<string, Reason> = {
  NoSuchBucket: "bucket_not_found",
  NoSuchKey: "object_not_found",
  AccessDenied: "access_denied",
  AllAccessDisabled: "access_denied",
  AccountProblem: "access_denied",
  InvalidAccessKeyId: "invalid_access_key",
  InvalidToken: "session_token_refused",
  ExpiredToken: "session_token_refused",
  TokenRefreshRequired: "session_token_refused",
  SignatureDoesNotMatch: "signature_mismatch",
  RequestTimeTooSkewed: "clock_skew",
  RequestExpired: "clock_skew",
  PermanentRedirect: "wrong_region",
  TemporaryRedirect: "wrong_region",
  Redirect: "wrong_region",
  AuthorizationHeaderMalformed: "wrong_region",
  IllegalLocationConstraintException: "wrong_region",
  SlowDown: "throttled",
  Throttling: "throttled",
  ThrottlingException: "throttled",
  RequestLimitExceeded: "throttled",
  TooManyRequests: "throttled",
  NotImplemented: "not_implemented",
  MethodNotAllowed: "not_implemented",
  QuotaExceeded: "storage_full",
  XMinioStorageFull: "storage_full",
  XMinioAdminBucketQuotaExceeded: "storage_full",
  InternalError: "server_error",
  ServiceUnavailable: "server_error",
  InvalidObjectState: "object_archived",
};

function findByS3Code({ name }: SdkError): Reason | null {
  return Object.hasOwn(reasonOfS3Code, name) ? (reasonOfS3Code[name] ?? null) : null;
}

function findByStatus({ status, region, html, understood }: SdkError): Reason {
  if (status === null) return "unexpected_answer";
  if (status >= 300 && status < 400) return region === null ? "unexpected_redirect" : "wrong_region";
  if (status === 429) return "throttled";
  if (status === 501) return "not_implemented";
  if (status === 507) return "storage_full";
  if (status >= 500) return "server_error";
  if (html || !understood) return "not_s3";
  if (status === 401 || status === 403) return "access_denied";
  return "unexpected_answer";
}

/** Name, code and status alone: an SDK error carries the answer, the access key and what was signed. */
function toCause(error: unknown, credential: S3Credential): Error {
  if (error instanceof EgressForbidden) return error;
  const { name, code, status } = readSdkError(error);
  const words = [name, code].filter((word) => word !== null && isPlain(word, credential));
  return new Error([...words, status].filter((word) => word !== null).join(" "));
}

/** A server chooses the name of its error, and could put into it what it was sent. */
function isPlain(word: string, credential: S3Credential): boolean {
  const secrets = [credential.access_key_id, credential.secret_access_key, credential.session_token ?? ""];
  return /^[\w.-]{1,64}$/.test(word) && !secrets.some((secret) => secret !== "" && word.includes(secret));
}

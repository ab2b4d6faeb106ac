import type { Clock } from "../../platform/clock.ts";
import { EgressForbidden } from "../../platform/egress/forbidden.ts";
import { type ConnectionFaultKind, classifyConnectionFault } from "../../platform/outbound/connection-fault.ts";
import { findUnsendableSetting } from "./credential-text.ts";
import { S3Failure, type S3Fault } from "./failure.ts";
import type { S3Credential, S3Location } from "./location.ts";
import { type Reason, reasons } from "./reasons.ts";
import { readSdkError, type SdkError } from "./sdk-error.ts";
import { parseRegion } from "./validation.ts";

/** The call that failed: its location, credential and operation. */
export interface CallContext {
  readonly location: S3Location;
  readonly credential: S3Credential | null;
  readonly clock: Clock;
  /** The operation, as in "list objects"; hints continue with "in the bucket …". */
  readonly doing: string;
}

/**
 * Classifies an error of a call, whether the SDK, the agents or Node threw it. The hint repeats nothing that the server
 * sent, except a region and a date after their form was checked.
 */
export function toFault(error: unknown, context: CallContext): S3Fault {
  if (error instanceof S3Failure) return error;
  const details = readSdkError(error);
  const refusal = error instanceof EgressForbidden ? error.message : null;
  return createFault(findReason(error, details), context, details, refusal);
}

/** The same classification as an error to throw. Its cause holds no text of the server's answer and no credential. */
export function toS3Failure(error: unknown, context: CallContext): S3Failure {
  if (error instanceof S3Failure) return error;
  return new S3Failure(toFault(error, context), toCause(error, context.credential));
}

/**
 * Describes a fault, also one that EOM itself sees in a successful answer.
 *
 * @param details of the server's answer, for the HTTP status and for hints
 * @param refusal the sentence of the egress rules, when they forbid the endpoint
 */
export function createFault(
  reason: Reason,
  { location, credential, clock, doing }: CallContext,
  details: SdkError = noDetails,
  refusal: string | null = null,
): S3Fault {
  const hint = reasons[reason].hint({
    host: URL.parse(location.endpoint)?.host ?? "the endpoint",
    bucket: location.bucket,
    region: location.region,
    pathStyle: location.path_style,
    requesterPays: location.requester_pays,
    endpointPath: toEndpointPath(location),
    isSigned: credential !== null,
    doing,
    expectedRegion: details.region !== null && "value" in parseRegion(details.region) ? details.region : null,
    ourTime: clock.now(),
    theirTime: details.date,
    refusal,
    unsendable: findUnsendableSetting(location, credential),
  });
  return { reason, hint, http_status: details.status };
}

const noDetails = readSdkError(null);

function toEndpointPath({ endpoint }: S3Location): string | null {
  const path = URL.parse(endpoint)?.pathname ?? "/";
  return path === "/" ? null : path;
}

function findReason(error: unknown, details: SdkError): Reason {
  if (error instanceof EgressForbidden) return "endpoint_forbidden";
  return findByConnection(error, details) ?? findByS3Code(details) ?? findByStatus(details);
}

const reasonOfFault: Readonly<Record<ConnectionFaultKind, Reason | null>> = {
  dns: "dns_failure",
  refused: "connection_refused",
  unreachable: "host_unreachable",
  reset: "connection_reset",
  // Which of the two time-outs it is depends on the SDK's error.
  timeout: null,
  tls_hostname: "tls_hostname_mismatch",
  tls_expired: "tls_expired",
  tls_untrusted: "tls_untrusted",
  tls_failed: "tls_failed",
  tls_absent: "tls_not_tls",
  not_http: "not_s3",
  unknown: null,
};

function findByConnection(error: unknown, { name, code, duringConnect }: SdkError): Reason | null {
  if (code === "RESPONSE_TOO_LARGE") return "response_too_large";
  if (code === "ETIMEDOUT") return duringConnect ? "connect_timeout" : "request_timeout";
  // The SDK's own limit for connecting has a name and no code.
  if (name === "TimeoutError" && code === null) return "connect_timeout";
  if (name === "AbortError") return "request_timeout";
  return reasonOfFault[classifyConnectionFault(error).kind];
}

const reasonOfS3Code: Record<string, Reason> = {
  NoSuchBucket: "bucket_not_found",
  // A server without tenants refuses tenant:bucket; one without a path reads the endpoint's path as a bucket.
  InvalidBucketName: "bucket_not_found",
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
  // KMS.NotFoundException, KMS.DisabledException, KMS.KMSInvalidStateException and others: errors of the key service.
  if (name.startsWith("KMS.")) return "encryption_refused";
  return Object.hasOwn(reasonOfS3Code, name) ? (reasonOfS3Code[name] ?? null) : null;
}

function findByStatus({ status, region, isHtml: html, isS3Error: understood }: SdkError): Reason {
  // No server answered and no connection failed: the SDK or Node refused to make the request.
  if (status === null) return "request_not_sent";
  if (status >= 300 && status < 400) return region === null ? "unexpected_redirect" : "wrong_region";
  if (status === 429) return "throttled";
  if (status === 501) return "not_implemented";
  if (status === 507) return "storage_full";
  if (status >= 500) return "server_error";
  if (html || !understood) return "not_s3";
  if (status === 401 || status === 403) return "access_denied";
  return "unexpected_answer";
}

/** An error with name, code and status alone: the SDK's error also holds the answer, the access key and the signed text. */
function toCause(error: unknown, credential: S3Credential | null): Error {
  if (error instanceof EgressForbidden) return error;
  const { name, code, status } = readSdkError(error);
  const words = [name, code].filter((word) => word !== null && isHarmless(word, credential));
  return new Error([...words, status].filter((word) => word !== null).join(" "));
}

/** The server chooses the name of its error, and could repeat a part of the request in it. */
function isHarmless(word: string, credential: S3Credential | null): boolean {
  const { access_key_id = "", secret_access_key = "", session_token = "" } = credential ?? {};
  const secrets = [access_key_id, secret_access_key, session_token];
  return /^[\w.-]{1,64}$/.test(word) && !secrets.some((secret) => secret !== "" && word.includes(secret));
}

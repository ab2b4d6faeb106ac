import { findErrorCode } from "../error-code.ts";

/** Why no connection came about, or why it ended before its answer. */
export type ConnectionFaultKind =
  /** The name has no address, or the resolver does not answer. */
  | "dns"
  | "refused"
  /** No route to the host. */
  | "unreachable"
  /** Closed by the other side, or on the way. */
  | "reset"
  | "timeout"
  /** The certificate is for other names. */
  | "tls_hostname"
  /** The certificate has expired, or is not valid yet. */
  | "tls_expired"
  /** No authority that is trusted here has signed the certificate. */
  | "tls_untrusted"
  /** The handshake failed for another reason: version, cipher, alert. */
  | "tls_failed"
  /** An answer in plain text where TLS was expected. */
  | "tls_absent"
  /** The answer is not HTTP, or switches to another protocol. */
  | "not_http"
  /** The error says nothing about a connection. */
  | "unknown";

/** The kind of a fault, and the code that says so. */
export interface ConnectionFault {
  readonly kind: ConnectionFaultKind;
  /** As {@link findErrorCode} returns it. */
  readonly code: string | null;
}

/** Codes of Node: of libuv, of its TLS (OpenSSL's X509_V_ERR names without the prefix), and of undici. */
const kindOfCode: Readonly<Record<string, ConnectionFaultKind>> = {
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ERR_STREAM_PREMATURE_CLOSE: "reset",
  UND_ERR_SOCKET: "reset",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  ERR_TLS_CERT_ALTNAME_INVALID: "tls_hostname",
  CERT_HAS_EXPIRED: "tls_expired",
  CERT_NOT_YET_VALID: "tls_expired",
  INVALID_CA: "tls_untrusted",
  INVALID_PURPOSE: "tls_untrusted",
  UNASKED_UPGRADE: "not_http",
};

/** Whatever else is wrong with a certificate. */
const untrusted = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** OpenSSL's words for an answer that is no TLS record, such as a plain HTTP answer. */
const notTls = /wrong.version.number|packet.length.too.long|http.request|https.proxy.request/i;

/** Classifies any thrown value by its code, as {@link findErrorCode} finds it. A `TimeoutError` is a timeout. */
export function classifyConnectionFault(error: unknown): ConnectionFault {
  const code = findErrorCode(error);
  if (code === null) return { kind: isTimeout(error) ? "timeout" : "unknown", code };
  // HPE_…: the codes of llhttp, the parser of Node and of undici.
  if (code.startsWith("HPE_")) return { kind: "not_http", code };
  return { kind: kindOfCode[code] ?? toTlsKind(code, error) ?? "unknown", code };
}

/** Whether TLS or the certificate is at fault, so that the name, the route and the port are right. */
export function isTlsFault({ kind }: ConnectionFault): boolean {
  return kind.startsWith("tls_");
}

function toTlsKind(code: string, error: unknown): ConnectionFaultKind | null {
  if (untrusted.test(code)) return "tls_untrusted";
  if (code === "EPROTO" || code.startsWith("ERR_SSL_")) {
    return notTls.test(`${code} ${toMessages(error)}`) ? "tls_absent" : "tls_failed";
  }
  return code.startsWith("ERR_TLS_") ? "tls_failed" : null;
}

/** OpenSSL's words stand in the innermost message. */
function toMessages(error: unknown): string {
  return error instanceof Error ? `${error.message} ${toMessages(error.cause)}` : "";
}

/** As `AbortSignal.timeout` gives it, which has no code that is a text. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "TimeoutError" || isTimeout(error.cause));
}

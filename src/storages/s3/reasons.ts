import { z } from "../../platform/resource/schema.ts";

/** The facts that a hint may repeat. Each text is EOM's own or was checked: no text of a server is repeated unchecked. */
export interface HintFacts {
  readonly host: string;
  readonly bucket: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly requesterPays: boolean;
  /** The path of the endpoint; null when it has none. */
  readonly endpointPath: string | null;
  /** Whether the request was made with a credential. */
  readonly isSigned: boolean;
  /** The operation, as in "list objects". */
  readonly doing: string;
  readonly expectedRegion: string | null;
  readonly ourTime: Date;
  readonly theirTime: Date | null;
  /** The sentence of the egress rules for the caller; null when they allow the endpoint. */
  readonly refusal: string | null;
  /** The name of the setting that no request can carry; null when every setting can be sent. */
  readonly unsendable: string | null;
}

interface ReasonKind {
  /** The meaning of the word, for the reference page. */
  readonly meaning: string;
  /** What to do in this case. */
  readonly hint: (facts: HintFacts) => string;
}

/** The published list of reasons. New words may be added; a word never changes its meaning. */
export const reasons = {
  dns_failure: {
    meaning: "The endpoint's host name cannot be resolved",
    hint: ({ host }) => `The name ${host} cannot be resolved from here. Check its spelling, and the DNS that EOM uses.`,
  },
  connection_refused: {
    meaning: "Nothing listens on the endpoint's port",
    hint: ({ host }) => `${host} refuses connections on this port. Check the port, and that the server runs.`,
  },
  host_unreachable: {
    meaning: "No route leads to the endpoint's host",
    hint: ({ host }) => `No route leads from here to ${host}. Check the network and its firewalls.`,
  },
  connect_timeout: {
    meaning: "The connection was not established in time",
    hint: ({ host }) =>
      `${host} does not answer. A firewall often drops packets like this; check host, port and network.`,
  },
  request_timeout: {
    meaning: "The server accepted the connection but did not answer in time",
    hint: ({ host }) =>
      `${host} accepts connections but does not answer in time. Check that the server works, and whether it expects https.`,
  },
  connection_reset: {
    meaning: "The server closed the connection in the middle of a request",
    hint: ({ host }) => `${host} closes the connection without an answer. Check whether it expects https, and its log.`,
  },
  tls_not_tls: {
    meaning: "The endpoint is https, but the port does not speak TLS",
    hint: ({ host }) => `${host} does not speak TLS on this port. Use http://, or the port that serves https.`,
  },
  tls_untrusted: {
    meaning: "The server's certificate is not signed by a trusted authority",
    hint: ({ host }) =>
      `The certificate of ${host} is not signed by an authority that EOM trusts. Put the PEM of its authority into ca_certificate.`,
  },
  tls_hostname_mismatch: {
    meaning: "The server's certificate is for other host names",
    hint: ({ host, pathStyle }) =>
      pathStyle
        ? `The certificate of the server is not for ${host}. Use a host name that it names.`
        : `The certificate of the server is not for the bucket's own host name below ${host}. Set path_style to true.`,
  },
  tls_expired: {
    meaning: "The server's certificate has expired, or is not valid yet",
    hint: ({ host, ourTime }) =>
      `The certificate of ${host} is not valid at this time (${ourTime.toISOString()} here). Renew it, or correct EOM's clock.`,
  },
  tls_failed: {
    meaning: "The TLS handshake failed",
    hint: ({ host }) =>
      `The TLS handshake with ${host} failed. Check that it offers TLS 1.2 or newer and asks for no client certificate.`,
  },
  endpoint_forbidden: {
    meaning: "The egress rules do not allow the endpoint",
    hint: ({ refusal, host }) => refusal ?? `EOM may not connect to ${host}.`,
  },
  request_not_sent: {
    meaning: "EOM could not make the request; the server was not asked",
    hint: ({ unsendable, doing }) =>
      unsendable === null
        ? `EOM could not make the request to ${doing}, and sent nothing. Check endpoint, region, bucket and credential.`
        : `EOM sent nothing, because no request can carry the ${unsendable} of this storage. Enter it again.`,
  },
  unexpected_redirect: {
    meaning: "The server redirects to another address; redirects are not followed",
    hint: ({ host }) =>
      `${host} redirects to another address, which is not followed. Use the final address as endpoint.`,
  },
  not_s3: {
    meaning: "The answer does not come from an S3 server",
    hint: ({ host }) =>
      `What answers at ${host} is not the S3 API: often a web console on another port, a login page, a proxy, or http where https is expected. Use the API's address.`,
  },
  response_too_large: {
    meaning: "The answer is larger than any S3 server's",
    hint: ({ host }) => `The answer of ${host} is too large for the S3 API. Use the API's address.`,
  },
  bucket_not_found: {
    meaning: "The bucket does not exist",
    hint: ({ bucket, host, endpointPath }) =>
      endpointPath === null
        ? `The bucket ${bucket} does not exist at ${host}. Create it, or correct its name.`
        : `The bucket ${bucket} does not exist at ${host}${endpointPath}. Create it, or correct its name or the path of the endpoint, which must not have the bucket in it.`,
  },
  object_not_found: {
    meaning: "An object that was just written or listed does not exist",
    hint: () =>
      "An object that was just written or listed cannot be found. Check lifecycle rules and gateways in between.",
  },
  object_archived: {
    meaning: "The object is in an archive and cannot be read at once",
    hint: () => "The first object below the prefix is in an archive class, so reading could not be verified.",
  },
  customer_key_required: {
    meaning: "The object is encrypted with a key that the client has to send (SSE-C), which EOM does not support",
    hint: () =>
      "The first object below the prefix is encrypted with a customer's key (SSE-C), so reading could not be verified.",
  },
  encryption_ignored: {
    meaning: "The server stored an object without the encryption that the storage asks for",
    hint: ({ host }) =>
      `${host} stored the object without confirming server_side_encryption. Set it to null, or use a server that supports it.`,
  },
  encryption_refused: {
    meaning: "The server or its key service (KMS) refuses the encryption or its key",
    hint: ({ host }) =>
      `${host} refuses the encryption. Check that it supports server_side_encryption, and that the key of sse_kms_key_id exists, is enabled and is in the bucket's region.`,
  },
  access_denied: {
    meaning:
      "The credential is valid but lacks a permission; or the storage has no credential, and the server requires one",
    hint: ({ doing, bucket, isSigned, requesterPays }) => {
      const writes = doing === "write objects" || doing === "delete objects";
      if (!isSigned) {
        return `The server does not let everybody ${doing} in the bucket ${bucket}. Enter a credential${writes ? ", or set read_only to true" : ""}.`;
      }
      return `The credential may not ${doing} in the bucket ${bucket}. Extend its policy or the bucket's${requesterPays ? "" : "; if the bucket is a Requester Pays bucket, set requester_pays to true"}.`;
    },
  },
  invalid_access_key: {
    meaning: "The server does not know the access key",
    hint: () => "The server does not know this access key id. Check it, and that it belongs to this server.",
  },
  session_token_refused: {
    meaning: "The session token is wrong or has expired",
    hint: () =>
      "The session token is wrong or has expired. Enter a new credential; one without an expiry lasts longer.",
  },
  signature_mismatch: {
    meaning: "The signature is wrong",
    hint: () =>
      "The secret access key is wrong; or a proxy in between rewrites the host, the path or the Accept-Encoding header.",
  },
  wrong_region: {
    meaning: "The bucket is in another region",
    hint: ({ region, expectedRegion }) =>
      expectedRegion === null
        ? `The server does not accept the region ${region}. Enter the region of the bucket.`
        : `The server expects the region ${expectedRegion}, not ${region}.`,
  },
  clock_skew: {
    meaning: "EOM's clock and the server's clock differ by too much",
    hint: ({ ourTime, theirTime }) =>
      theirTime === null
        ? `The server says that EOM's clock is wrong, which shows ${ourTime.toISOString()}. Compare the two clocks.`
        : `EOM's clock shows ${ourTime.toISOString()}, the server's ${theirTime.toISOString()}. Correct the wrong clock.`,
  },
  throttled: {
    meaning: "The server asks for fewer requests",
    hint: ({ host }) => `${host} asks to slow down. Try again later.`,
  },
  not_implemented: {
    meaning: "The server does not support an operation or a header that EOM needs",
    hint: ({ doing }) => `The server does not support what EOM needs to ${doing}. Check its version.`,
  },
  storage_full: {
    meaning: "The server has no room left, or the bucket's own quota is used up",
    hint: ({ bucket }) => `There is no room left for the bucket ${bucket}. Enlarge it or its quota.`,
  },
  server_error: {
    meaning: "The server answered with an internal error",
    hint: ({ host }) => `${host} answers with an internal error. Check its log, and try again later.`,
  },
  unexpected_answer: {
    meaning: "The server's answer is not one that S3 defines",
    hint: ({ doing }) =>
      `EOM does not understand the server's answer to the request to ${doing}. Check the server's log.`,
  },
  content_mismatch: {
    meaning: "The bytes that were read are not those that were written",
    hint: () => "The bytes that came back are not the bytes that were written. Something in between changes objects.",
  },
  not_reached: {
    meaning: "The check was not made, because an earlier one failed",
    hint: () => "Not checked: an earlier check failed.",
  },
  read_only: {
    meaning: "The check was not made, because the storage is read-only",
    hint: () => "Not checked: the storage is read-only.",
  },
  nothing_to_read: {
    meaning: "The check was not made, because there is no object below the prefix",
    hint: () => "Not checked: there is no object below the prefix yet.",
  },
} as const satisfies Record<string, ReasonKind>;

/** Why a check failed, warns or was not made. */
export type Reason = keyof typeof reasons;

/** A {@link Reason}. */
export const reasonSchema = z.enum(Object.keys(reasons) as [Reason, ...Reason[]]);

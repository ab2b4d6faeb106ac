/**
 * Headers of every answer, failures included. A browser that opens an answer of the API shows data: it runs, loads and frames
 * nothing of it, and does not guess another type. The reference pages (docs.ts) have a policy of their own.
 *
 * `Strict-Transport-Security` is absent on purpose: EOM speaks plain HTTP, over which it means nothing (RFC 6797, 7.2).
 * It is for the proxy that ends TLS, which alone knows whether the whole host is served so.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

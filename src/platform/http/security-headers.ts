/**
 * On every answer, failing ones too. Whoever opens an answer of the API in a browser gets data, never a page: nothing
 * in it is run, loaded, framed or guessed to be of another type. The reference pages bring a policy of their own.
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

import type { EomEvent } from "./generated/types.ts";

// This file is `@eom/client/webhooks`: what a receiver of EOM's messages needs.

export type * from "./generated/types.ts";

/** Why a message was not accepted. Answer it with a 4xx: EOM sends it again later. */
export class WebhookVerificationError extends Error {
  readonly reason: "missing_header" | "timestamp" | "signature" | "body";

  constructor(reason: WebhookVerificationError["reason"], message: string) {
    super(message);
    this.name = "WebhookVerificationError";
    this.reason = reason;
  }
}

/** Headers of a message, as `Request.headers` or as Node's `request.headers`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The options of {@link verifyWebhook}. */
export interface VerifyWebhookOptions {
  /** How far the time of the message may be from now: older messages may be replayed by whoever saw them. 300 by default. */
  readonly toleranceSeconds?: number | undefined;
  /** The present time; for tests. */
  readonly now?: (() => number) | undefined;
}

/**
 * Verifies a message by [Standard Webhooks](https://www.standardwebhooks.com) and returns its event.
 *
 * @param body the bytes as they arrived, or their text: a parsed and printed body has another signature
 * @param secrets one, or several while they are rotated: one that matches is enough
 * @throws WebhookVerificationError for a message that is not EOM's, or is too old; TypeError for a secret that is not `whsec_` and base64
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array<ArrayBuffer>,
  secrets: string | readonly string[],
  { toleranceSeconds = 300, now = Date.now }: VerifyWebhookOptions = {},
): Promise<EomEvent> {
  const id = readHeader(headers, "webhook-id");
  const timestamp = readHeader(headers, "webhook-timestamp");
  const signatures = readHeader(headers, "webhook-signature").split(" ");
  const age = Math.abs(now() / 1000 - Number(/^\d+$/.test(timestamp) ? timestamp : Number.NaN));
  if (!(age <= toleranceSeconds)) {
    throw new WebhookVerificationError("timestamp", `webhook-timestamp must be within ${toleranceSeconds} s of now`);
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = concatenate(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  for (const secret of [secrets].flat()) {
    if (await isSignedWith(secret, signed, signatures)) return parseEvent(bytes);
  }
  throw new WebhookVerificationError("signature", "no signature of webhook-signature was made with the secret");
}

/** @throws WebhookVerificationError */
function readHeader(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value === "string" && value !== "") return value;
  throw new WebhookVerificationError("missing_header", `the message has no header ${name}`);
}

/** WebCrypto compares in constant time. @throws TypeError */
async function isSignedWith(
  secret: string,
  signed: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
): Promise<boolean> {
  const bytes = secret.startsWith("whsec_") ? decodeBase64(secret.slice("whsec_".length)) : null;
  if (bytes === null || bytes.length === 0) throw new TypeError("a webhook's secret must be whsec_ followed by base64");
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  for (const text of signatures) {
    const signature = text.startsWith("v1,") ? decodeBase64(text.slice("v1,".length)) : null;
    if (signature !== null && (await crypto.subtle.verify("HMAC", key, signature, signed))) return true;
  }
  return false;
}

/** Null for a text that is not base64. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** @throws WebhookVerificationError */
function parseEvent(bytes: Uint8Array): EomEvent {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as EomEvent;
  } catch {
    throw new WebhookVerificationError("body", "the body must be JSON");
  }
}

import { createHmac, randomBytes } from "node:crypto";

/**
 * The form of a secret, its bounds and the signature are those of Standard Webhooks:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
const prefix = "whsec_";
const minBytes = 24;
const maxBytes = 64;
const createdBytes = 32;

/** A new random secret of 256 bits: `whsec_` and base64. */
export function createSecret(): string {
  return prefix + randomBytes(createdBytes).toString("base64");
}

/**
 * Checks the form of a secret that a caller sends.
 *
 * @returns what is expected, without any part of the secret; null when the form is right
 */
export function findSecretProblem(secret: string): string | null {
  const problem = `must be ${prefix} followed by ${minBytes} to ${maxBytes} bytes in base64`;
  const encoded = secret.slice(prefix.length);
  if (!secret.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return problem;
  const bytes = Buffer.from(encoded, "base64");
  const isCanonical = bytes.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
  return isCanonical && bytes.length >= minBytes && bytes.length <= maxBytes ? null : problem;
}

interface SignedMessage {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks, with one signature for each secret, separated by a space. The receiver accepts the
 * message if any of them matches: so both the old and the new secret work during a rotation.
 */
export function toSignatureHeaders(
  { id, at, body }: SignedMessage,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

function sign(secret: string, text: string): string {
  return createHmac("sha256", Buffer.from(secret.slice(prefix.length), "base64"))
    .update(text)
    .digest("base64");
}

import { createHmac, randomBytes } from "node:crypto";

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the form and these bounds. */
const prefix = "whsec_";
const minBytes = 24;
const maxBytes = 64;
const madeBytes = 32;

export function createSecret(): string {
  return prefix + randomBytes(madeBytes).toString("base64");
}

/** What is wrong with a secret that somebody gives, without repeating any of it; null when nothing is. */
export function findSecretProblem(secret: string): string | null {
  const wanted = `wants ${prefix} and then ${minBytes} to ${maxBytes} bytes in base64`;
  const encoded = secret.slice(prefix.length);
  if (!secret.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return wanted;
  const bytes = Buffer.from(encoded, "base64");
  const isCanonical = bytes.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
  return isCanonical && bytes.length >= minBytes && bytes.length <= maxBytes ? null : wanted;
}

interface Signed {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

/** The headers of Standard Webhooks: a signature by each secret, any of which the receiver may know. */
export function toSignatureHeaders({ id, at, body }: Signed, secrets: readonly string[]): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

function sign(secret: string, text: string): string {
  return createHmac("sha256", Buffer.from(secret.slice(prefix.length), "base64"))
    .update(text)
    .digest("base64");
}

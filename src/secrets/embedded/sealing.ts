import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from "node:crypto";

/**
 * A sealed text is version (1 byte) · nonce (12) · ciphertext · tag (16), by AES-256-GCM. The version and the reference
 * are authenticated too, so that a text that was moved to another reference does not open.
 *
 * The nonce is random, so NIST SP 800-38D (8.3) allows 2^32 texts under one key; each change of a credential seals one.
 */
const version = Buffer.from([1]);
const nonceBytes = 12;
const tagBytes = 16;
const algorithm = "aes-256-gcm";

/** The length of a key in bytes. */
export const keyBytes = 32;

/** Seals `text`; only the same key and the same `ref` open it. */
export function seal(key: KeyObject, ref: string, text: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(toAssociatedData(ref));
  const ciphertext = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([version, nonce, ciphertext, cipher.getAuthTag()]);
}

/** Opens a sealed text. @returns null when the key or the reference is another, or a bit was changed */
export function unseal(key: KeyObject, ref: string, sealed: Uint8Array): string | null {
  if (sealed.length < version.length + nonceBytes + tagBytes || sealed[0] !== version[0]) return null;
  const nonceEnd = version.length + nonceBytes;
  const tagStart = sealed.length - tagBytes;
  const nonce = sealed.subarray(version.length, nonceEnd);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(toAssociatedData(ref));
  decipher.setAuthTag(sealed.subarray(tagStart));
  const text = decipher.update(sealed.subarray(nonceEnd, tagStart));
  try {
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}

function toAssociatedData(ref: string): Buffer {
  return Buffer.concat([version, Buffer.from(ref, "utf8")]);
}

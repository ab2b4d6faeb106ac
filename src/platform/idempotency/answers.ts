import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { toCanonicalJson } from "../canonical-json.ts";
import { invalid } from "../failure.ts";
import type { KeyedRequest } from "./claims.ts";

const nonceBytes = 12;
const tagBytes = 16;

/**
 * Reads an `Idempotency-Key`: 1 to 255 printable ASCII characters, bare or as a quoted string (draft-ietf-httpapi-idempotency-key-header).
 *
 * @returns null without a header
 * @throws VALIDATION_ERROR
 */
export function parseIdempotencyKey(header: string | null): string | null {
  if (header === null) return null;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw invalid(
    "/Idempotency-Key",
    `must have 1 to 255 printable ASCII characters, got ${key.length} characters`,
    "invalid_format",
  );
}

interface RequestIdentity {
  readonly principal: string;
  readonly method: string;
  /** The template of the route, as `/eom/admin/users/{UserId}/quotas`. */
  readonly path: string;
  /** The parameters of the path as the route's schema returns them: equal for all spellings of the same path. */
  readonly params: unknown;
  /** The parsed query and body. */
  readonly input: unknown;
}

/**
 * The digests that the database keeps of a key and its request. Neither can be turned back. They are the same for every
 * spelling of a request, such as `/users/bob@example.org` and `/users/bob%40example.org`.
 */
export function toKeyedRequest(key: string, request: RequestIdentity): KeyedRequest {
  const scope = toCanonicalJson([request.principal, request.method, request.path, request.params, key]);
  return {
    keyHash: createHash("sha256").update(scope).digest(),
    requestHash: createHmac("sha256", key).update(toCanonicalJson(request.input)).digest(),
  };
}

/**
 * Seals an answer with the client's own key, of which only a digest is kept: an answer may contain a token that is shown
 * once, and a dump of the database must not.
 */
export function sealAnswer(key: string, keyHash: Uint8Array, answer: unknown): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", deriveKey(key, keyHash), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(answer), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

/** Opens a sealed answer. @throws when {@link sealAnswer} did not make it with this key */
export function openAnswer(key: string, keyHash: Uint8Array, sealed: Uint8Array): unknown {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv("aes-256-gcm", deriveKey(key, keyHash), bytes.subarray(0, nonceBytes));
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  const text = decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, "utf8") + decipher.final("utf8");
  return JSON.parse(text);
}

function deriveKey(key: string, keyHash: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, keyHash, "eom idempotent answer", 32));
}

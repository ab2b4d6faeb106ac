/**
 * The key of a call: the caller's, otherwise a random UUID.
 *
 * @throws RangeError for a key that no header can have: `fetch` would fail as if EOM could not be reached
 */
export function toIdempotencyKey(key: string = createUuid()): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new RangeError("idempotencyKey must have 1 to 255 printable ASCII characters");
}

/** A random UUID. A page that was not loaded by https has `crypto.getRandomValues`, and no `crypto.randomUUID`. */
function createUuid(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const version = `4${hex.slice(13, 16)}`;
  const variant = `8${hex.slice(17, 20)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), version, variant, hex.slice(20)].join("-");
}

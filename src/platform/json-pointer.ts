/**
 * One step of a JSON Pointer (RFC 6901, section 3): `a/b` becomes `a~1b`. At most its first 100 characters, because the key
 * is a client's.
 */
export function toPointerStep(key: string): string {
  return key.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");
}

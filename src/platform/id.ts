import { randomUUIDv7 } from "node:crypto";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any version of UUID is an id; {@link createId} makes version 7. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** A UUID of version 7 (RFC 9562, section 5.7): later ids sort later, to the millisecond. */
export function createId(): string {
  return randomUUIDv7();
}

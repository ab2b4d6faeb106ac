import { randomUUIDv7 } from "node:crypto";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any version of UUID is an id; those we make are version 7. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/** A UUID version 7: ids made later sort later, to the millisecond. */
export function createId(): string {
  return randomUUIDv7();
}

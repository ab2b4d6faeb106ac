import { randomBytes } from "node:crypto";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Any version of UUID is an id; {@link createId} makes version 7. */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/**
 * A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, the version, and random bits. Later ids sort later, to the
 * millisecond. Node has `randomUUIDv7` from 26 on.
 */
export function createId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

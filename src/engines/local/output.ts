import type { RunOutput } from "../engine.ts";

/** What a run writes, of which only the end is kept. */
export interface Tail {
  add(bytes: Uint8Array): void;
  /** What was cut through or is no UTF-8 is replaced, as is NUL; a character whose rest is yet to come is left out. */
  toOutput(): RunOutput;
}

/** A ring: however much is written, and in however small pieces, it takes `maxBytes`. */
export function createTail(maxBytes: number): Tail {
  const ring = Buffer.alloc(maxBytes);
  let writtenBytes = 0;
  let told: RunOutput | null = null;
  return {
    add(bytes) {
      const last = bytes.subarray(-maxBytes);
      const start = (writtenBytes + bytes.length - last.length) % maxBytes;
      const roomBytes = maxBytes - start;
      ring.set(last.subarray(0, roomBytes), start);
      ring.set(last.subarray(roomBytes), 0);
      writtenBytes += bytes.length;
    },
    toOutput() {
      // Asked at every poll, of runs that may be silent for hours.
      if (told?.writtenBytes !== writtenBytes) told = { text: toText(ring, writtenBytes), writtenBytes };
      return told;
    },
  };
}

function toText(ring: Buffer, writtenBytes: number): string {
  const oldest = writtenBytes % ring.length;
  const bytes =
    writtenBytes <= ring.length
      ? ring.subarray(0, writtenBytes)
      : withoutHalfCharacter(Buffer.concat([ring.subarray(oldest), ring.subarray(0, oldest)]));
  return toKeepableText(new TextDecoder().decode(bytes, { stream: true }));
}

/** At most three bytes continue a character whose beginning was cut off; more, and it is no UTF-8. */
function withoutHalfCharacter(bytes: Uint8Array): Uint8Array {
  const first = bytes.subarray(0, 4).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.subarray(Math.max(first, 0));
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
export function toKeepableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/**
 * A run's result: the last line that it wrote to standard output, when that is a JSON object of at most `maxBytes`; else
 * null.
 */
export function parseResult(output: string, maxBytes: number): Record<string, unknown> | null {
  const line = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (!line.startsWith("{") || Buffer.byteLength(line) > maxBytes) return null;
  try {
    return toKeepable(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The same object with every text in it, names too, in a form that PostgreSQL keeps. */
export function toKeepable(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_, part) => toKeepablePart(part)));
}

function toKeepablePart(part: unknown): unknown {
  if (typeof part === "string") return toKeepableText(part);
  if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [toKeepableText(name), value]));
}

import { parseJson } from "../../platform/parse-json.ts";
import type { RunOutput } from "../engine.ts";

/** Keeps the end of the bytes that a run writes. */
export interface Tail {
  add(bytes: Uint8Array): void;
  /**
   * The end as text. Invalid UTF-8 and NUL become U+FFFD; a first character that was cut off and a last one whose rest has not
   * arrived are left out.
   */
  toOutput(): RunOutput;
}

/** Creates a tail with a ring buffer: memory stays at `maxBytes`, however much is written. */
export function createTail(maxBytes: number): Tail {
  const ring = Buffer.alloc(maxBytes);
  let writtenBytes = 0;
  let last: RunOutput | null = null;
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
      // Decoded once per change: poll asks every second, also for runs that write nothing for hours.
      if (last?.writtenBytes !== writtenBytes) last = { text: toText(ring, writtenBytes), writtenBytes };
      return last;
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

/** Removes the rest of a character whose beginning was cut off: three bytes at most, as more are invalid UTF-8 anyway. */
function withoutHalfCharacter(bytes: Uint8Array): Uint8Array {
  const first = bytes.subarray(0, 4).findIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.subarray(Math.max(first, 0));
}

/** Replaces the characters that PostgreSQL rejects: NUL and unpaired surrogates. */
export function toKeepableText(text: string): string {
  return text.toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** The result of a run: the last line of its standard output, if that is a JSON object of at most `maxBytes`; else null. */
export function parseResult(output: string, maxBytes: number): Record<string, unknown> | null {
  const line = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (!line.startsWith("{") || Buffer.byteLength(line) > maxBytes) return null;
  const result = parseJson(line);
  return result === undefined ? null : toKeepable(result as Record<string, unknown>);
}

/** A copy in which {@link toKeepableText} is applied to every string and every property name. */
export function toKeepable(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value, (_, part) => toKeepablePart(part)));
}

function toKeepablePart(part: unknown): unknown {
  if (typeof part === "string") return toKeepableText(part);
  if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [toKeepableText(name), value]));
}

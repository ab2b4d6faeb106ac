import { isKeptNumber, parseJson } from "../../platform/parse-json.ts";
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

/** Levels of objects and lists in a result, the object itself included: as many as in a request body. Some JSON readers fail at 64. */
const maxResultLevels = 32;

/**
 * The result of a run: the last line of its standard output, if that is a JSON object that every client can read as it was written.
 * Null for another line, and for an object of more than `maxBytes`, of more than 32 levels, or with a number that would change: an
 * integer beyond ±(2^53 - 1), or a number beyond 1.8e308. Example: null for `{"id": 9007199254740993}`, which would be read as …992.
 *
 * @param onRefused called with a predicate if the line is an object that is not kept, for example "is nested deeper than 32 levels"
 */
export function parseResult(
  output: string,
  maxBytes: number,
  onRefused: (problem: string) => void = () => {},
): Record<string, unknown> | null {
  const line = output.trimEnd().split("\n").at(-1)?.trim() ?? "";
  if (!line.startsWith("{")) return null;
  const problem = Buffer.byteLength(line) > maxBytes ? `has more than ${maxBytes} bytes` : findResultProblem(line);
  if (problem !== null) onRefused(problem);
  const result = problem === null ? parseJson(line) : undefined;
  return result === undefined ? null : toKeepable(result as Record<string, unknown>);
}

/** Null also for a line that is not JSON: a job may print any line. */
function findResultProblem(line: string): string | null {
  const value = parseJson(line);
  if (value === undefined) return null;
  // First: the search for numbers is recursive.
  if (isDeeperThan(value, maxResultLevels)) return `is nested deeper than ${maxResultLevels} levels`;
  const number = findChangedNumber(line);
  return number === null
    ? null
    : `has the number ${number.slice(0, 50)}, which JSON readers change: write it as a string`;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= levels; depth++) {
    const containers = level.filter((part) => part !== null && typeof part === "object");
    if (containers.length === 0) return false;
    level = containers.flatMap((part) => Object.values(part));
  }
  return true;
}

/** The text of the first number that {@link isKeptNumber} refuses. */
function findChangedNumber(json: string): string | null {
  let changed: string | null = null;
  // The third argument, which TypeScript does not declare yet, has the text of a number.
  JSON.parse(json, (_, value: unknown, { source = "" }: { readonly source?: string } = {}) => {
    if (typeof value === "number" && !isKeptNumber(value, source)) changed ??= source;
    return value;
  });
  return changed;
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

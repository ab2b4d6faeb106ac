/** What a run wrote, of which only the end is kept. */
export interface Tail {
  add(bytes: Uint8Array): void;
  /** Valid text that PostgreSQL can keep: what was cut through or is no UTF-8 is replaced, as is NUL. */
  toText(): string;
}

export function createTail(maxBytes: number): Tail {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let isCut = false;
  const shrink = () => {
    const kept = Buffer.concat(chunks).subarray(-maxBytes);
    isCut ||= kept.length < size;
    chunks = [kept];
    size = kept.length;
  };
  return {
    add(bytes) {
      chunks.push(bytes);
      size += bytes.length;
      // Not at each small piece: joining costs as much as what is kept.
      if (size > 2 * maxBytes) shrink();
    },
    toText() {
      shrink();
      const bytes = chunks[0] ?? new Uint8Array();
      return toKeepableText(new TextDecoder().decode(isCut ? withoutHalfCharacter(bytes) : bytes));
    },
  };
}

/** Bytes that continue a character whose beginning was cut off. */
function withoutHalfCharacter(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
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

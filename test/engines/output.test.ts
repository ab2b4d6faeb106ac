import fc from "fast-check";
import { expect, test } from "vitest";
import { createTail } from "../../src/engines/local/output.ts";

function toTail(maxBytes: number, pieces: readonly Uint8Array[]) {
  const tail = createTail(maxBytes);
  for (const piece of pieces) tail.add(piece);
  return tail.toOutput();
}

test("keeps a short text whole and the end of a long one, in pieces of any size", () => {
  const character = fc.constantFrom("a", "ä", "€", "😀", "\n");
  const written = fc.array(character, { maxLength: 100 }).map((characters) => Buffer.from(characters.join("")));
  const pieceBytes = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(written, pieceBytes, fc.integer({ min: 4, max: 64 }), (bytes, size, maxBytes) => {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const { text, writtenBytes } = toTail(maxBytes, pieces);
      expect(writtenBytes).toBe(bytes.length);
      expect(bytes.toString().endsWith(text)).toBe(true);
      const keptBytes = Buffer.byteLength(text);
      expect(keptBytes).toBeLessThanOrEqual(maxBytes);
      // At most three bytes of a character that was cut through are left out.
      expect(keptBytes).toBeGreaterThanOrEqual(Math.min(bytes.length, maxBytes - 3));
    }),
  );
});

test("replaces invalid UTF-8 and NUL", () => {
  expect(toTail(64, [Buffer.from([0x61, 0xff, 0x00, 0x62])]).text).toBe("a\ufffd\ufffdb");
  expect(toTail(8, [Buffer.alloc(20, 0x80)]).text).toBe("\ufffd".repeat(8));
});

test("leaves out a character until it is complete", () => {
  const tail = createTail(64);
  const [first, ...rest] = Buffer.from("ä");
  tail.add(Buffer.from([first ?? 0]));
  expect(tail.toOutput()).toEqual({ text: "", writtenBytes: 1 });
  tail.add(Buffer.from(rest));
  expect(tail.toOutput()).toEqual({ text: "ä", writtenBytes: 2 });
});

test("uses no more memory than its ring for a million small pieces", () => {
  const piece = Buffer.from("x");
  const tail = createTail(64 * 1024);
  const before = process.memoryUsage();
  for (let count = 0; count < 1_000_000; count++) tail.add(piece);
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 20);
  expect(tail.toOutput()).toEqual({ text: "x".repeat(64 * 1024), writtenBytes: 1_000_000 });
});

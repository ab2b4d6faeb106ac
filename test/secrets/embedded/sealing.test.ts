import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seal, unseal } from "../../../src/secrets/embedded/sealing.ts";

const newKey = () => createSecretKey(randomBytes(32));

describe("a sealed text", () => {
  test("opens to the same text under the same key and reference", () => {
    const key = newKey();
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "grapheme" }), (ref, text) => {
        expect(unseal(key, ref, seal(key, ref, text))).toBe(text);
      }),
    );
  });

  test("is different each time", () => {
    const key = newKey();
    const sealed = Array.from({ length: 100 }, () => seal(key, "ref", "text").toString("hex"));
    expect(new Set(sealed).size).toBe(100);
  });

  test("does not open under another key", () => {
    expect(unseal(newKey(), "ref", seal(newKey(), "ref", "text"))).toBeNull();
  });

  test("does not open under another reference", () => {
    const key = newKey();
    expect(unseal(key, "a/c", seal(key, "a/b", "text"))).toBeNull();
  });

  test("does not open when a bit was changed", () => {
    const key = newKey();
    const sealed = seal(key, "ref", "text");
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(unseal(key, "ref", changed)).toBeNull();
    }
  });

  test("does not open when it was cut or lengthened", () => {
    const key = newKey();
    const sealed = seal(key, "ref", "text");
    for (let length = 0; length < sealed.length; length += 1) {
      expect(unseal(key, "ref", sealed.subarray(0, length))).toBeNull();
    }
    expect(unseal(key, "ref", Buffer.concat([sealed, Buffer.from([0])]))).toBeNull();
  });
});

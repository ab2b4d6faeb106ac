import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRecentMap } from "../../src/platform/recent-map.ts";

describe("createRecentMap", () => {
  test("keeps an entry while fewer than its size are used after it, and at most twice its size", () => {
    const steps = fc.array(fc.record({ key: fc.integer({ min: 0, max: 12 }), isSet: fc.boolean() }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (maxKeys, taken) => {
        const map = createRecentMap<number, string>(maxKeys);
        let used: number[] = [];
        for (const { key, isSet } of taken) {
          const place = used.indexOf(key);
          if (isSet) map.set(key, `value ${key}`);
          else if (place >= 0 && place < maxKeys) expect(map.get(key)).toBe(`value ${key}`);
          else if (place < 0) expect(map.get(key)).toBeUndefined();
          else continue;
          if (isSet || place >= 0) used = [key, ...used.filter((other) => other !== key)];
        }
        let kept = 0;
        map.deleteWhere(() => {
          kept += 1;
          return false;
        });
        expect(kept).toBeLessThanOrEqual(2 * maxKeys);
      }),
    );
  });

  test("deletes an entry wherever it is, and is empty when nothing is left", () => {
    const map = createRecentMap<string, number>(1);
    map.set("old", 1);
    map.set("young", 2);
    map.delete("old");
    expect(map.get("old")).toBeUndefined();
    map.set("other", 3);
    map.deleteWhere((value) => value >= 2);
    expect([map.get("young"), map.get("other")]).toEqual([undefined, undefined]);
  });
});

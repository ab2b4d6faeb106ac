import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toBackoffMilliseconds } from "../../src/platform/backoff.ts";

describe("toBackoffMilliseconds", () => {
  const bounds = { firstMilliseconds: 100, maxMilliseconds: 1_000 };

  test.each([
    [1, 50, 100],
    [2, 100, 200],
    [3, 200, 400],
    [4, 400, 800],
    [5, 500, 1_000],
    [5_000, 500, 1_000],
  ])("after failure %i pauses %i to %i ms", (attempt, least, longest) => {
    expect(toBackoffMilliseconds({ ...bounds, attempt, random: 0 })).toBe(least);
    expect(toBackoffMilliseconds({ ...bounds, attempt, random: 1 })).toBe(longest);
  });

  test("never goes beyond its bound, for any first pause and attempt", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (firstMilliseconds, attempt, random) => {
          const pause = toBackoffMilliseconds({ firstMilliseconds, maxMilliseconds: 60_000, attempt, random });
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(60_000);
        },
      ),
    );
  });
});

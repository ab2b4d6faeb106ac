import { expect, test } from "vitest";
import { createId, isUuid } from "../../src/platform/id.ts";

test("an id is a UUID of version 7: it begins with the milliseconds of its creation, and the rest is random", () => {
  const before = Date.now();
  const ids = Array.from({ length: 100 }, createId);
  const after = Date.now();
  for (const id of ids) {
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^.{14}7.{4}[89ab]/);
    const milliseconds = Number.parseInt(id.slice(0, 13).replace("-", ""), 16);
    expect(milliseconds).toBeGreaterThanOrEqual(before);
    expect(milliseconds).toBeLessThanOrEqual(after);
  }
  expect(new Set(ids).size).toBe(ids.length);
});

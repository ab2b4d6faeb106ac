import { expect, test } from "vitest";
import { withoutUndefined } from "../../../src/platform/resource/partial.ts";

test("withoutUndefined leaves out what is undefined, and keeps null, false and 0", () => {
  const fields = { name: "a", note: undefined, description: null, enable: false, size: 0 };
  const given = withoutUndefined(fields);
  expect(given).toStrictEqual({ name: "a", description: null, enable: false, size: 0 });
  expect({ note: "kept", ...given }).toMatchObject({ note: "kept" });
});

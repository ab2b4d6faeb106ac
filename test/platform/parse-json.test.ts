import { expect, test } from "vitest";
import { parseJson } from "../../src/platform/parse-json.ts";

test.each([
  ['{"a":[1,null]}', { a: [1, null] }],
  ["null", null],
  ["", undefined],
  ['{"a":', undefined],
])("parseJson reads '%s'", (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

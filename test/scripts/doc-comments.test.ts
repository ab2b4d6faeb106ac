import { expect, test } from "vitest";
import { findDocCommentOffences } from "../../scripts/checks/doc-comments.ts";
import { createTree } from "./tree.ts";

const failure = `
/** Codes. */
export const failures = { STORAGE_NOT_FOUND: { status: 404 }, VALIDATION_ERROR: { status: 400 } } as const;
/** Builds a failure. */
export function fail(code: keyof typeof failures): Error { return Object.assign(new Error(), { code }); }
/** Builds a VALIDATION_ERROR. */
export function invalid(): Error { return fail("VALIDATION_ERROR"); }
`;
const errors = `
import { fail } from "../platform/failure.ts";
/** Builds the failure. */
export const storageNotFound = () => fail("STORAGE_NOT_FOUND");
`;
const imports = `
import { fail, invalid } from "../platform/failure.ts";
import { storageNotFound } from "./errors.ts";
/** A fault of a page. */
class PageFault extends Error {}
`.trimEnd();

/** Offences of a room's service, of which `text` is line 6 and those after it, as `line: message`. */
async function check(text: string): Promise<string[]> {
  const root = await createTree({
    "src/platform/failure.ts": failure,
    "src/storages/errors.ts": errors,
    "src/storages/service.ts": `${imports}\n${text}\n`,
  });
  const offences = findDocCommentOffences(root);
  expect(offences.filter(({ path }) => path !== "src/storages/service.ts")).toEqual([]);
  return offences.map(({ line, message }) => `${line}: ${message}`);
}

test.each([
  ["function", "export function find() {}"],
  ["function", "export const find = async () => 1;"],
  ["class", "export class find {}"],
  ["interface", "// Not a doc comment.\nexport interface find {}"],
  ["type", "/* Not a doc comment. */\nexport type find = string;"],
])("an exported %s without a doc comment is an offence: %s", async (kind, text) => {
  expect(await check(text)).toEqual([
    expect.stringContaining(`the exported ${kind} \`find\` has no doc comment: write what its type does not say`),
  ]);
});

test("a function exported by a list is exported", async () => {
  expect(await check("function find() {}\nexport { find };")).toEqual([
    expect.stringContaining("6: the exported function"),
  ]);
});

test("an undocumented function's offence names the codes to document", async () => {
  expect(await check("export function find() { throw storageNotFound(); }")).toEqual([
    "6: the exported function `find` has no doc comment: write what its type does not say, and `@throws STORAGE_NOT_FOUND`",
  ]);
});

test.each([
  ["has a doc comment", "/** Finds. */\nexport function find() {}"],
  ["is not exported", "function find() {}"],
  ["is a constant that is no function", "export const rows = [];"],
  [
    "is the type of a documented schema",
    "/** A row. */\nexport const row = z.int();\nexport type Row = z.infer<typeof row>;",
  ],
  ["has a doc comment before a directive", "/** Finds. */\n// biome-ignore lint: example\nexport function find() {}"],
])("a declaration that %s is no offence", async (_, text) => {
  expect(await check(text)).toEqual([]);
});

test.each([
  ["fail", 'throw fail("STORAGE_NOT_FOUND");', "STORAGE_NOT_FOUND"],
  ["a function that builds the failure", "throw storageNotFound();", "STORAGE_NOT_FOUND"],
  ["invalid", "throw invalid();", "VALIDATION_ERROR"],
  ["an error class", "throw new PageFault();", "PageFault"],
  ["one of two", 'throw a ? error : fail("VALIDATION_ERROR");', "VALIDATION_ERROR"],
  ["a callback of an array", "rows.forEach(() => { throw invalid(); });", "VALIDATION_ERROR"],
  ["a transaction that is awaited", "await transact(async () => { throw invalid(); });", "VALIDATION_ERROR"],
  ["a catch", "try { run(); } catch { throw invalid(); }", "VALIDATION_ERROR"],
])("a code thrown by %s and not documented is an offence", async (_, body, code) => {
  expect(await check(`/** Finds. */\nexport async function find() { ${body} }`)).toEqual([
    `7: \`find\` throws ${code}: add \`@throws ${code}\` and when to its doc comment`,
  ]);
});

test.each([
  ["documented", "@throws VALIDATION_ERROR for no id", "throw invalid();"],
  ["a plain error", "", 'throw new Error("lost");'],
  ["caught", "", "try { throw invalid(); } catch { return; }"],
  ["a caught error thrown again", "", "try { run(); } catch (error) { throw error; }"],
  ["of a function that is kept for later", "", "const later = () => { throw invalid(); };"],
  ["of a handler", "", "app.get(() => { throw invalid(); });"],
])("a throw that is %s needs no more", async (_, tag, body) => {
  expect(await check(`/** Finds. ${tag} */\nexport function find() { ${body} }`)).toEqual([]);
});

test("an inner function that has a doc comment documents its codes as well", async () => {
  expect(await check("/** Finds. */\nfunction find() { throw invalid(); }")).toEqual([
    expect.stringContaining("`find` throws VALIDATION_ERROR"),
  ]);
});

test.each([
  ["a code that nothing here throws", "STORAGE_NOT_FOUND"],
  ["a code that the table does not have", "STORAGE_IS_LOST"],
])("%s is stale", async (_, code) => {
  expect(
    await check(`/** Finds. @throws VALIDATION_ERROR, ${code} */\nexport function find() { throw invalid(); }`),
  ).toEqual([`7: \`find\` has \`@throws ${code}\`, which nothing here throws: remove it or correct the code`]);
});

test.each([
  ["a called function", "requireRow();"],
  ["a method of a called object", "service.requireRow();"],
])("a code that only %s throws may be documented", async (_, call) => {
  const inner = "function requireRow() { throw storageNotFound(); }";
  expect(await check(`/** Finds. @throws STORAGE_NOT_FOUND */\nexport function find() { ${call} }\n${inner}`)).toEqual(
    [],
  );
});

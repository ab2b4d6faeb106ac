import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findWordOffences } from "../../scripts/checks/words.ts";
import { createTree } from "./tree.ts";

const glossary = await readFile(join(import.meta.dirname, "../../docs/glossary.md"), "utf8");

/** Offences of a project with these files and the project's own glossary, as `path:line: message`. */
async function check(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await createTree({ "docs/glossary.md": glossary, ...files });
  return findWordOffences(root).map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

describe("names", () => {
  test("a banned word is an offence where the name is declared, with the word to write", async () => {
    expect(await check({ "src/bulk/items.ts": "export const rows = [];\nexport const limitMs = 1;\n" })).toEqual([
      "src/bulk/items.ts:2: `limitMs` has the word `Ms` (part): write `Milliseconds`",
    ]);
  });

  test.each([
    ["a variable", "const toldAt = 1;", "toldAt"],
    ["a function", "function settleRun() {}", "settleRun"],
    ["a parameter", "const of = (wanted: string) => wanted;", "wanted"],
    ["a destructured variable", "const { found } = rows;", "found"],
    ["a type", "type Judgement = string;", "Judgement"],
    ["a property of an interface", "interface Row { isTold: boolean }", "isTold"],
    ["a property of an object", "const row = { mostRuns: 3 };", "mostRuns"],
    ["a method", "class Room { cleanUp() {} }", "cleanUp"],
    ["a local name of an import", 'import { a as watcher } from "a";', "watcher"],
    ["a caught error", "try { run(); } catch (those) {}", "those"],
    ["a constant", "const RETENTION = 3;", "RETENTION"],
    ["a function that decides and waits", "async function decideRetry() {}", "decideRetry"],
  ])("%s may not have one", async (_, text, name) => {
    const offences = await check({ "src/bulk/items.ts": `${text}\n` });
    expect(offences).toEqual([expect.stringContaining(`src/bulk/items.ts:1: \`${name}\` has the word`)]);
  });

  test("a file and a folder may not have one", async () => {
    expect(await check({ "src/cleaning/judge.ts": "" })).toEqual([
      expect.stringContaining("src/cleaning:1: `cleaning` has the word `cleaning`"),
      expect.stringContaining("src/cleaning/judge.ts:1: `judge.ts` has the word `judge`"),
    ]);
  });

  test.each([
    ["a use of somebody else's name", "const all = await Promise.allSettled(calls);"],
    ["a part of a longer word", "const watermark = foundation + onesided;"],
    ["`most` at another place than the first", "const atMost = 1;"],
    ["a code that the table of failures has", "const codes = { STORAGE_NOT_FOUND: 404, bucket_not_found: 1 };"],
    ["a published name that stays", 'const names = { EOM_RETENTION_DAYS: "30" };'],
    ["a pure function that decides", "function decideRetry() {}"],
    ["a string with the word", 'const text = "told";'],
  ])("%s is no offence", async (_, text) => {
    expect(await check({ "src/bulk/items.ts": `${text}\n` })).toEqual([]);
  });

  test("a word stays in the folders that the glossary names", async () => {
    const files = { "src/quotas/reconcile.ts": "", "src/engines/reconcile.ts": "" };
    expect(await check(files)).toEqual([expect.stringContaining("src/engines/reconcile.ts:1:")]);
  });
});

describe("sentences", () => {
  test("an opening that the glossary bans is an offence in a comment, with what to write", async () => {
    const text = "/**\n * Rows of a page. Of the others\n * only the number is read.\n */\nexport const rows = 1;\n";
    expect(await check({ "src/bulk/items.ts": text })).toEqual([
      "src/bulk/items.ts:2: a sentence opens with “Of the”: write the noun first, the condition after",
    ]);
  });

  test.each([
    ["a comment of lines", "src/a.ts", "const a = 1;\n// Reads rows.\n// What is few has an index.\n", 3],
    ["a comment behind code", "src/a.ts", "const a = 1; // Who waits, waits.\n", 1],
    ["a message in src", "src/a.ts", 'const a = "Who calls is not known";\n', 1],
    ["a template in src", "src/a.ts", `const a = \`$\{1} rows. What came is lost\`;\n`, 1],
    ["a comment of SQL", "db/migrations/1.sql", "select 1;\n-- What is few\n", 2],
    ["a comment of Python", "examples/job.py", "# Of the two, the first.\n", 1],
    ["a paragraph", "docs/page.md", "# Page\n\nWho reads this\n", 3],
    ["a sentence of a paragraph", "docs/page.md", "Pages are short. Of all\nof them.\n", 1],
    ["an item of a list", "docs/page.md", "1. Rows\n2. **Who reads**\n", 2],
  ])("%s may not open so", async (_, path, text, line) => {
    expect(await check({ [path]: text })).toEqual([expect.stringContaining(`${path}:${line}: a sentence opens with`)]);
  });

  test.each([
    ["a question", "docs/page.md", "What is a slot? An instant.\n"],
    ["fenced code", "docs/page.md", "```\nWho am I\n```\n"],
    ["code in a line", "docs/page.md", "`Of the` opens no sentence.\n"],
    ["a quotation", "docs/page.md", "“Who calls” is not written.\n"],
    ["a heading", "docs/page.md", "## What it costs\n"],
    ["a table", "docs/page.md", "| Who may read | viewer |\n"],
    ["the middle of a sentence", "src/a.ts", "// Rows\n// Of the kind, all.\nconst a = 1;\n"],
    ["a generated page", "docs/reference/errors.md", "Who calls\n"],
    ["a string of a test", "test/a.test.ts", 'const a = "Who calls";\n'],
  ])("%s may", async (_, path, text) => {
    expect(await check({ [path]: text })).toEqual([]);
  });
});

test("a row of the glossary that the check cannot read stops it", async () => {
  const root = await createTree({ "docs/glossary.md": glossary.replace("| first part |", "| at first |") });
  expect(() => findWordOffences(root)).toThrow("docs/glossary.md: `most` stands in “at first”; expected one of part,");
});

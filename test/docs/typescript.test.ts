import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ClientWorld, startClientWorld } from "../client/eom.ts";
import { installClient, root, tsc } from "../client/installed.ts";
import { expectText } from "./masks.ts";
import { type Block, readBlocks } from "./page.ts";

/*
 * Runs the TypeScript of the client's guide as a reader does: all blocks of the page, one after the other, as one program beside a
 * real EOM. The output of a block is compared with the block `text output` that follows.
 */

const run = promisify(execFile);
const page = "docs/guides/typescript-client.md";

describe("the TypeScript of the client's guide", () => {
  let folder: string;
  let world: ClientWorld;
  let blocks: Block[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-guide-"));
    await installClient(folder);
    await mkdir(join(folder, "node_modules"), { recursive: true });
    await symlink(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
    world = await startClientWorld();
    blocks = readBlocks(page, await readFile(join(root, page), "utf8"));
    await writeFile(join(folder, "guide.ts"), toProgram(blocks));
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("type-checks", async () => {
    const options = "--ignoreConfig --noEmit --strict --target esnext --module nodenext --types node".split(" ");
    const { stdout } = await run(process.execPath, [tsc, ...options, "guide.ts"], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe("");
  });

  test("prints what the page shows", async () => {
    const env = { PATH: process.env["PATH"], EOM_URL: world.server.url, EOM_TOKEN: world.token };
    const { stdout } = await run(process.execPath, ["guide.ts"], { cwd: folder, env });
    const printed = stdout.split(/^<end of block>\n/m);
    for (const [index, { language, info, text }] of blocks.entries()) {
      if (language === "ts") {
        const output = printed.shift() ?? "";
        const next = blocks[index + 1];
        expectText(output, next?.info === "output" ? next.text.trimEnd() : "");
      } else expect([language, info]).toEqual([expect.any(String), expect.stringMatching(/^output$|^no-run: /)]);
      expect(text).not.toBe("");
    }
  });
});

/** The blocks as one module: imports first, once for each name. */
function toProgram(blocks: readonly Block[]): string {
  const texts = blocks.filter(({ language }) => language === "ts").map(({ text }) => text);
  const imports = texts.flatMap((text) => text.match(/^import .*$/gm) ?? []);
  const bodies = texts.map((text) => text.replaceAll(/^import .*$\n/gm, ""));
  return [...imports, ...bodies.map((body) => `${body}console.log("<end of block>");\n`)].join("\n");
}

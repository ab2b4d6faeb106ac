import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const commands = new URL("../../src/commands/", import.meta.url);

/** Loads a module of the commands, and prints the packages that come with it. */
const listPackages = (module: string) => `
import { registerHooks } from "node:module";
const packages = new Set();
registerHooks({
  load(url, context, next) {
    packages.add(/node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(url)?.[1]);
    return next(url, context);
  },
});
await import("${new URL(module, commands)}");
console.log([...packages].filter((name) => name !== undefined).join(" "));
`;

async function load(module: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", listPackages(module)], {
    cwd: join(import.meta.dirname, "../.."),
  });
  return stdout.trim().split(" ");
}

test("help loads commander alone", async () => {
  expect((await load("run.ts")).sort()).toEqual(["@commander-js/extra-typings", "commander"]);
});

test("a start loads no database and no client of S3, Dagster or Vault before it knows the configuration", async () => {
  const packages = await load("serve.ts");
  expect(packages).toContain("zod");
  const late = /^(@aws-sdk|@smithy|@electric-sql)\/|^(undici|postgres|kysely-postgres-js|swagger-ui-dist)$/;
  expect(packages.filter((name) => late.test(name))).toEqual([]);
});

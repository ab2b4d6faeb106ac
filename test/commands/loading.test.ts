import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const commands = new URL("../../src/commands/run.ts", import.meta.url);

/** Loads the modules that every command loads, and prints their packages. */
const listPackages = `
import { registerHooks } from "node:module";
const packages = new Set();
registerHooks({
  load(url, context, next) {
    packages.add(/node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(url)?.[1]);
    return next(url, context);
  },
});
await import("${commands}");
console.log([...packages].filter((name) => name !== undefined).join(" "));
`;

test("a start loads no database and no client of S3, Dagster or Vault before it knows the configuration", async () => {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", listPackages], {
    cwd: join(import.meta.dirname, "../.."),
  });
  const packages = stdout.trim().split(" ");
  expect(packages).toContain("zod");
  const late = /^(@aws-sdk|@smithy|@electric-sql)\/|^(undici|postgres|kysely-postgres-js|swagger-ui-dist)$/;
  expect(packages.filter((name) => late.test(name))).toEqual([]);
});

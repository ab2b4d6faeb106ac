import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The checks that a commit must pass in addition to the tests, quick checks first. */
const checks: Readonly<Record<string, readonly string[]>> = {
  "format and lint": ["biome", "ci", "--error-on-warnings", "."],
  types: ["tsc", "--noEmit"],
  "types of the package, on the oldest Node": ["tsc", "-p", "tsconfig.package.json", "--noEmit"],
  "import law": ["node", "scripts/checks/import-law.ts"],
  words: ["node", "scripts/checks/words.ts"],
  "doc comments": ["node", "scripts/checks/doc-comments.ts"],
  dependencies: ["node", "scripts/checks/dependencies.ts"],
  "unused code": ["knip"],
  "generated files": ["node", "scripts/generate.ts", "--check"],
  "triggers of functions": ["node", "scripts/fission-triggers.ts", "--check"],
  licences: ["node", "scripts/licences.ts"],
};

let failed = 0;
for (const [name, [program = "", ...args]] of Object.entries(checks)) {
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` },
  });
  console.log(`${status === 0 ? "ok  " : "FAIL"}  ${name}`);
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

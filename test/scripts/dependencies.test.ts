import { expect, test } from "vitest";
import { findDependencyOffences } from "../../scripts/checks/dependencies.ts";
import { createTree } from "./tree.ts";

test("each dependency of the package and of its workspaces has a row below the heading that fits, and nothing else has one", async () => {
  const root = await createTree({
    "package.json": JSON.stringify({
      workspaces: ["bench"],
      dependencies: { hono: "1", zod: "1" },
      devDependencies: { knip: "1", "@types/node": "1" },
    }),
    "bench/package.json": JSON.stringify({ dependencies: { "pg-boss": "1" } }),
    "docs/dependencies.md": [
      "# Dependencies",
      "## Of the package",
      "| package | for |",
      "| `hono` | routes |",
      "| `knip` | unused code |",
      "## Of the checkout alone",
      "| `@types/node`, `left-pad` | types |",
    ].join("\n"),
  });
  expect(findDependencyOffences(root).map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '5: `knip` is not in "dependencies" of package.json: move its row',
    "1: `pg-boss` has no row: write what it is for",
    "1: `zod` has no row: write what it is for",
    "7: `left-pad` is no dependency: remove it",
  ]);
});

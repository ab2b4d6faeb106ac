import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Offence, report } from "./offence.ts";

/*
 * Dependencies: docs/dependencies.md says the purpose of each package in package.json and in those of the workspaces, below the heading that
 * fits, and of no other package.
 */

interface Manifest {
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const page = "docs/dependencies.md";
const ofThePackage = "Of the package";

/** Every package without a row, below a wrong heading, or no longer used. */
export function findDependencyOffences(root: string): Offence[] {
  const used = listUsed(root);
  const rows = listRows(readFileSync(join(root, page), "utf8"));
  const missing = [...used].flatMap(([name, isOfThePackage]) => {
    const row = rows.get(name);
    if (row === undefined) return [{ path: page, line: 1, message: `\`${name}\` has no row: write what it is for` }];
    if ((row.heading === ofThePackage) === isOfThePackage) return [];
    const place = isOfThePackage ? "in" : "not in";
    return [
      { path: page, line: row.line, message: `\`${name}\` is ${place} "dependencies" of package.json: move its row` },
    ];
  });
  const stale = [...rows].filter(([name]) => !used.has(name));
  return [
    ...missing,
    ...stale.map(([name, { line }]) => ({ path: page, line, message: `\`${name}\` is no dependency: remove it` })),
  ];
}

/** Names, and whether `npm install eom` brings the package. */
function listUsed(root: string): Map<string, boolean> {
  const read = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const manifest = read(".");
  const others = [
    manifest.devDependencies,
    ...(manifest.workspaces ?? [])
      .map(read)
      .flatMap((workspace) => [workspace.dependencies, workspace.devDependencies, workspace.optionalDependencies]),
  ];
  return new Map([
    ...others.flatMap((names = {}) => Object.keys(names)).map((name) => [name, false] as const),
    ...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).map((name) => [name, true] as const),
  ]);
}

function listRows(text: string): Map<string, { heading: string; line: number }> {
  let heading = "";
  const rows = new Map<string, { heading: string; line: number }>();
  for (const [index, line] of text.split("\n").entries()) {
    heading = /^## (.+)$/.exec(line)?.[1] ?? heading;
    const names = /^\| (`.+?`) \|/.exec(line)?.[1] ?? "";
    for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) rows.set(name, { heading, line: index + 1 });
  }
  return rows;
}

if (import.meta.main)
  report("dependencies", findDependencyOffences(join(import.meta.dirname, "../..")), process.argv.slice(2));

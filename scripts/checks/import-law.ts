import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult, type IViolation } from "dependency-cruiser";
import { importRules } from "./import-rules.ts";
import { lineAt, type Offence, report } from "./offence.ts";

/**
 * Every import below `root` that breaks a rule of import-rules.ts, and each circle once.
 *
 * @throws Error when no import was seen: without its parser dependency-cruiser reads no TypeScript, and says so nowhere
 */
export async function findImportOffences(root: string): Promise<Offence[]> {
  const folders = ["src", "clients"].filter((folder) => existsSync(join(root, folder)));
  const { output } = await cruise(folders, {
    baseDir: root,
    ruleSet: { forbidden: [...importRules] },
    validate: true,
    // Its other parser for TypeScript needs a version below 7.
    parser: "swc",
    // Sees `import type`, too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  });
  const { summary } = output as ICruiseResult;
  if (!summary.totalDependenciesCruised) throw new Error("dependency-cruiser saw no import: is @swc/core installed?");
  return summary.violations.filter(isFirstOfCircle).map((violation) => toOffence(root, violation));
}

/** A circle is reported from each of its files: the first by name stands for it. */
function isFirstOfCircle({ from, cycle }: IViolation): boolean {
  return (cycle ?? []).every(({ name }) => from <= name);
}

function toOffence(root: string, { rule, from, to, unresolvedTo, cycle }: IViolation): Offence {
  const way = cycle === undefined ? to : cycle.map(({ name }) => name).join(" → ");
  const text = readFileSync(join(root, from), "utf8");
  const comment = importRules.find(({ name }) => name === rule.name)?.comment;
  return {
    path: from,
    line: lineAt(text, text.indexOf(`"${unresolvedTo ?? cycle?.[0]?.name}"`)),
    message: `→ ${way}: ${rule.name}: ${comment}`,
  };
}

if (import.meta.main)
  report("import law", await findImportOffences(join(import.meta.dirname, "../..")), process.argv.slice(2));

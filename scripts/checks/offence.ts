import { dirname } from "node:path";
import { parseArgs } from "node:util";

/** A place that breaks a rule, and what to do there. */
export interface Offence {
  /** From the root of the project. */
  readonly path: string;
  /** From 1; 1 for an offence of the file's own name. */
  readonly line: number;
  readonly message: string;
}

/** Line of an offset in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/**
 * Prints a check's offences and sets the exit code: 1 if there is one.
 *
 * Arguments of the command line: paths (only offences below them), and `--list` (grouped by folder, the worst first).
 */
export function report(check: string, offences: readonly Offence[], args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { list: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const chosen = offences.filter(({ path }) => positionals.length === 0 || positionals.some((at) => isBelow(path, at)));
  if (values.list) printByFolder(chosen);
  else for (const offence of chosen) console.error(format(offence));
  console.log(`${check}: ${chosen.length} ${chosen.length === 1 ? "offence" : "offences"}`);
  process.exitCode = chosen.length === 0 ? 0 : 1;
}

function isBelow(path: string, folder: string): boolean {
  const name = folder.replace(/^\.\/|\/$/g, "");
  return path === name || path.startsWith(`${name}/`);
}

function printByFolder(offences: readonly Offence[]): void {
  const byFolder = Object.entries(Object.groupBy(offences, ({ path }) => dirname(path)));
  for (const [folder, inside = []] of byFolder.sort(([, a = []], [, b = []]) => b.length - a.length)) {
    console.error(`\n${folder}: ${inside.length}`);
    for (const offence of inside) console.error(`  ${format(offence)}`);
  }
}

function format({ path, line, message }: Offence): string {
  return `${path}:${line}: ${message}`;
}

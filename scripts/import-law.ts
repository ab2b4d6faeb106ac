import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

/*
 * The law of imports: entry → compose → rooms → platform, each only downwards. Rooms see each other by `import type`
 * alone: values come through compose/. What breaks it is printed with the remedy.
 */

const source = join(import.meta.dirname, "../src");

const entries = new Set(["main.ts", "commands", "fission"]);
const composition = new Set(["compose", "version.ts"]);

type Storey = "entry" | "compose" | "room" | "platform";
const storeys: readonly Storey[] = ["platform", "room", "compose", "entry"];

interface Place {
  readonly storey: Storey;
  /** The first step of the path below src/. */
  readonly part: string;
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

function locate(file: string): Place {
  const part = file.split("/")[0] ?? "";
  if (entries.has(part)) return { storey: "entry", part };
  if (composition.has(part)) return { storey: "compose", part };
  return { storey: part === "platform" ? "platform" : "room", part };
}

async function listImports(file: string): Promise<Import[]> {
  const text = await readFile(join(source, file), "utf8");
  const pattern = /^(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"(\.[^"]+)"/gm;
  return [...text.matchAll(pattern)].flatMap(([, type, target]) =>
    target === undefined
      ? []
      : [{ from: file, to: relative(source, resolve(source, dirname(file), target)), isType: type !== undefined }],
  );
}

function findOffence({ from, to, isType }: Import): string | null {
  if (to.startsWith("..")) return to.endsWith("package.json") ? null : "leaves src/: what src needs stands in src";
  const [here, there] = [locate(from), locate(to)];
  if (storeys.indexOf(there.storey) > storeys.indexOf(here.storey)) {
    return `a ${here.storey} file imports from ${there.storey}: pass it in from above instead`;
  }
  if (here.storey === "room" && there.storey === "room" && here.part !== there.part && !isType) {
    return `the room ${here.part} imports a value of ${there.part}: use \`import type\`, and let compose/ pass the value`;
  }
  return null;
}

const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith(".ts"));
const imports = (await Promise.all(files.map(listImports))).flat();
let offences = 0;
for (const one of imports) {
  const offence = findOffence(one);
  if (offence === null) continue;
  offences += 1;
  console.error(`src/${one.from} → src/${one.to}: ${offence}`);
}
console.log(`import law: ${files.length} files, ${imports.length} imports, ${offences} offences`);
process.exitCode = offences === 0 ? 0 : 1;

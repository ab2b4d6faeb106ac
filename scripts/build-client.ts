import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

/*
 * Builds `eom/client` for publishing: JavaScript for any runtime with fetch, and declarations. Neither imports anything: the compiler
 * writes out the types that wire.ts takes from the server's routes.
 *
 *   node scripts/build-client.ts [folder]     into dist/client unless a folder is given
 */

const root = join(import.meta.dirname, "..");
const client = "src/client";

async function build(target: string): Promise<void> {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  const work = await mkdtemp(join(root, "node_modules/.cache/eom-client-"));
  try {
    await writeTypeConstants(work);
    compile(work);
    const compiled = join(work, "out", client);
    await writeFile(join(compiled, "wire.d.ts"), await readWrittenTypes(work));
    await finish(compiled);
    await rm(target, { recursive: true, force: true });
    await cp(compiled, target, { recursive: true });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes a constant for each type of wire.ts: the declaration of a constant without an annotation has the complete type. */
async function writeTypeConstants(work: string): Promise<void> {
  const wire = await readFile(join(root, client, "wire.ts"), "utf8");
  const names = [...wire.matchAll(/^export type (\w+) =/gm)].map(([, name]) => name);
  const constants = names.map((name) => `export const ${name} = (null as unknown as { type: wire.${name} }).type;`);
  const source = relative(work, join(root, client, "wire.ts"));
  await writeFile(join(work, "types.ts"), [`import type * as wire from "${source}";`, ...constants, ""].join("\n"));
  const config = {
    extends: join(root, "tsconfig.client.json"),
    compilerOptions: { outDir: "out", rootDir: root },
    files: [join(root, client, "client.ts"), "types.ts"],
  };
  await writeFile(join(work, "tsconfig.json"), JSON.stringify(config));
}

async function readWrittenTypes(work: string): Promise<string> {
  const declared = await readFile(join(work, "out", relative(root, work), "types.d.ts"), "utf8");
  return declared.replaceAll(/^export declare const (\w+): /gm, "export type $1 = ");
}

/** Compiles the server too, for its types; only the client's files are copied. */
function compile(work: string): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", work], { stdio: ["ignore", "inherit", "inherit"] });
}

/** Declarations import their neighbours as .ts, which older compilers do not find: they look for .js. */
async function finish(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const text = (await readFile(join(folder, name), "utf8")).replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
    const outside = /\b(?:from|import)\s*\(?\s*"(?!\.\/[\w-]+\.js")[^"]*"|\bwire\.[A-Z]/.exec(text)?.[0];
    if (outside !== undefined) {
      throw new Error(
        `${client}/${name} would be published with ${outside}: it may import the client's own files alone`,
      );
    }
    await writeFile(join(folder, name), text);
  }
}

await build(process.argv[2] ?? join(root, "dist/client"));

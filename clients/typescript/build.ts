import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

/*
 * Builds what is published as @eom/client: JavaScript for any runtime with fetch, and declarations. Neither imports
 * anything: the compiler writes out the types that contract.ts derives from the server's routes.
 *
 *   node build.ts [folder]     into dist unless a folder is given
 */

const root = join(import.meta.dirname, "../..");
const source = "clients/typescript/src";

async function build(target: string): Promise<void> {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  const work = await mkdtemp(join(root, "node_modules/.cache/eom-client-"));
  try {
    await writeTypesModule(work);
    compile(work);
    const compiled = join(work, "out", source);
    await writeFile(join(compiled, "contract.d.ts"), await readTypes(work));
    await finish(compiled);
    await rm(target, { recursive: true, force: true });
    await cp(compiled, target, { recursive: true });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A constant for each type of contract.ts: the declaration of a constant without an annotation has the whole type. */
async function writeTypesModule(work: string): Promise<void> {
  const contract = await readFile(join(root, source, "contract.ts"), "utf8");
  const names = [...contract.matchAll(/^export type (\w+) =/gm)].map(([, name]) => name);
  const constants = names.map((name) => `export const ${name} = (null as unknown as { type: contract.${name} }).type;`);
  const path = relative(work, join(root, source, "contract.ts"));
  await writeFile(join(work, "types.ts"), [`import type * as contract from "${path}";`, ...constants, ""].join("\n"));
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      target: "es2022",
      noEmit: false,
      noEmitOnError: true,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      outDir: "out",
      rootDir: root,
    },
    files: [join(root, source, "client.ts"), "types.ts"],
    // Each room declares its own tables; the routes' imports reach statements on tables of any room.
    include: [join(root, "src/**/tables.ts")],
  };
  await writeFile(join(work, "tsconfig.json"), JSON.stringify(config));
}

async function readTypes(work: string): Promise<string> {
  const declared = await readFile(join(work, "out", relative(root, work), "types.d.ts"), "utf8");
  return declared.replaceAll(/^export declare const (\w+): /gm, "export type $1 = ");
}

/** Compiles the server with it, for its types; only the client's files are published. */
function compile(work: string): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", work], { stdio: ["ignore", "inherit", "inherit"] });
}

/** Imports in declarations end in .ts; compilers older than ours need .js. */
async function finish(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const text = (await readFile(join(folder, name), "utf8")).replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.js"');
    const forbidden = /\b(?:from|import)\s*\(?\s*"(?!\.\/[\w-]+\.js")[^"]*"|\bcontract\.[A-Z]/.exec(text)?.[0];
    if (forbidden !== undefined) {
      throw new Error(
        `${source}/${name} would be published with ${forbidden}: it may import only the client's own files`,
      );
    }
    await writeFile(join(folder, name), text);
  }
}

await build(process.argv[2] ?? join(import.meta.dirname, "dist"));

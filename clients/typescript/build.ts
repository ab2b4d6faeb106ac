import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/*
 * Builds what is published as @eom/client: JavaScript for any runtime with fetch, and declarations. Neither imports
 * anything but the package's own files.
 *
 *   node build.ts [folder]     into dist unless a folder is given
 */

const root = join(import.meta.dirname, "../..");
const entries = ["client.ts", "metering/client.ts", "webhooks.ts"];

async function build(target: string): Promise<void> {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  const work = await mkdtemp(join(root, "node_modules/.cache/eom-client-"));
  try {
    await compile(work);
    await finish(join(work, "out"));
    await rm(target, { recursive: true, force: true });
    await cp(join(work, "out"), target, { recursive: true });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function compile(work: string): Promise<void> {
  const source = join(import.meta.dirname, "src");
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      target: "es2022",
      noEmit: false,
      noEmitOnError: true,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      lib: ["es2022", "dom", "dom.iterable"],
      types: [],
      outDir: "out",
      rootDir: source,
    },
    files: entries.map((entry) => join(source, entry)),
    include: [],
  };
  await writeFile(join(work, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", work], { stdio: ["ignore", "inherit", "inherit"] });
}

/**
 * Imports in declarations end in .ts; compilers older than ours need .js.
 *
 * @throws Error for an import of anything that is not published
 */
async function finish(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/\.(js|d\.ts)$/.test(name)) continue;
    const written = await readFile(join(folder, name), "utf8");
    const text = written.replaceAll(/(from "\.[./\w-]+)\.ts"/g, '$1.js"');
    const forbidden = /\b(?:from|import)\s*\(?\s*"(?!\.\.?\/[\w./-]+\.js")[^"]*"/.exec(text)?.[0];
    if (forbidden !== undefined) {
      throw new Error(`${name} would be published with ${forbidden}: it may import only the client's own files`);
    }
    await writeFile(join(folder, name), text);
  }
}

await build(process.argv[2] ?? join(import.meta.dirname, "dist"));

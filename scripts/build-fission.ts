import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { version } from "../src/version.ts";

/*
 * Bundles the functions of deploy/fission for Fission's Node 22 environment: ES modules with all their imports, and the migrations: a
 * function compares their names with the database's.
 *
 *   node scripts/build-fission.ts [folder] [--source-maps]     into dist/fission unless a folder is given
 */

const root = join(import.meta.dirname, "..");
const migrations = join(root, "db/migrations");

/** Modules to leave out, by their path below src/, with their stand-ins. */
const replaced: Readonly<Record<string, string>> = {
  "platform/database/embedded.ts": "fission/no-embedded-database.ts",
  "platform/http/docs.ts": "fission/no-docs.ts",
};

/** Larger than the rest of the bundle; their stand-ins must keep them out. */
const excluded = /node_modules\/(@electric-sql|swagger-ui-dist)\//;

/** Fission puts all files of a package into one folder. */
const migrationsFolder = { from: '"../../../db/migrations/"', to: '"./"' };

/** Defines `require` for CommonJS packages that import Node's modules. */
const requireBanner = `import { createRequire as createNodeRequire } from "node:module";
const require = createNodeRequire(import.meta.url);`;

const leaveOut: Plugin = {
  name: "leave-out",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.ts$/ }, ({ path, resolveDir, kind }) => {
      if (kind === "entry-point") return undefined;
      const standIn = replaced[relative(join(root, "src"), join(resolveDir, path))];
      return standIn === undefined ? undefined : { path: join(root, "src", standIn) };
    });
    onLoad({ filter: /\/platform\/database\/migrate\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes(migrationsFolder.from))
        throw new Error(`${path} no longer has ${migrationsFolder.from}: adapt scripts/build-fission.ts`);
      return { contents: text.replace(migrationsFolder.from, migrationsFolder.to), loader: "ts" };
    });
  },
};

async function buildFission(target: string, hasSourceMaps: boolean): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/fission/index.ts"],
    outdir: target,
    outExtension: { ".js": ".mjs" },
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    banner: { js: requireBanner },
    // Names stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node prints the whole line of an error.
    lineLimit: 160,
    legalComments: "linked",
    sourcemap: hasSourceMaps ? "linked" : false,
    metafile: true,
    plugins: [leaveOut],
  });
  refuseExcluded(metafile);
  await refuseUndeclared(metafile);
  for (const name of await readdir(migrations)) await cp(join(migrations, name), join(target, name));
  const manifest = { name: "eom-fission", version, private: true, type: "module", main: "index.mjs" };
  await writeFile(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await printSizes(target);
}

function refuseExcluded({ inputs }: Metafile): void {
  const paths = Object.keys(inputs).filter((input) => excluded.test(input));
  if (paths.length > 0) throw new Error(`the bundle contains ${paths.join(", ")}, which a stand-in must replace`);
}

/** Bill of materials, audit and licences cover dependencies alone: they would miss a development package in the bundle. */
async function refuseUndeclared({ inputs }: Metafile): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const places = Object.keys(inputs).flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  const undeclared = [...new Set(places)].filter(
    (place) => packages[place] === undefined || packages[place].dev === true,
  );
  if (undeclared.length > 0) throw new Error(`the bundle contains ${undeclared.join(", ")}, which is no dependency`);
}

async function printSizes(target: string): Promise<void> {
  let total = 0;
  for (const name of (await readdir(target)).sort()) {
    const { size } = await stat(join(target, name));
    total += size;
    if (!name.endsWith(".sql")) console.log(`${toKib(size)}  ${name}`);
  }
  console.log(
    `${toKib(total)}  in all, with the migrations, in ${relative(process.cwd(), target) || basename(target)}`,
  );
}

function toKib(bytes: number): string {
  return `${Math.ceil(bytes / 1024)} KiB`.padStart(10);
}

const words = process.argv.slice(2);
const folder = words.find((word) => !word.startsWith("--")) ?? join(root, "dist/fission");
await buildFission(folder, words.includes("--source-maps"));

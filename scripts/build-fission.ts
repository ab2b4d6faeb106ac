import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { version } from "../src/version.ts";

/*
 * Bundles the functions of deploy/fission for Fission's Node 22 environment: ES modules with everything that they import, and
 * the migrations, by whose names a function knows whether the database is as it wants it.
 *
 *   node scripts/build-fission.ts [folder] [--source-maps]     into dist/fission unless a folder is given
 */

const root = join(import.meta.dirname, "..");
const migrations = join(root, "db/migrations");

/** What is left out, by its place below src/, and what stands in its place. */
const replaced: Readonly<Record<string, string>> = {
  "platform/database/embedded.ts": "fission/no-embedded-database.ts",
  "platform/http/docs.ts": "fission/no-docs.ts",
};

/** Node 22's has no `randomUUIDv7`. */
const cryptoOfIds = { importer: "src/platform/id.ts", standIn: "src/fission/uuid-v7.ts" };

/** Larger than all the rest together; their stand-ins must keep them out. */
const unwanted = /node_modules\/(@electric-sql|swagger-ui-dist)\//;

/** Fission lays all files of a package into one folder, whatever folder they come from. */
const migrationsFolder = { from: '"../../../db/migrations/"', to: '"./"' };

/** Of the packages that are CommonJS and ask for Node's own modules. */
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
    onResolve({ filter: /^node:crypto$/ }, ({ importer }) =>
      importer === join(root, cryptoOfIds.importer) ? { path: join(root, cryptoOfIds.standIn) } : undefined,
    );
    onLoad({ filter: /\/platform\/database\/migrate\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      if (!text.includes(migrationsFolder.from)) throw new Error(`${path} names the migrations in another way now`);
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
    // Names stay: stack traces are read.
    minifyWhitespace: true,
    minifySyntax: true,
    // Node shows the whole line of a fault.
    lineLimit: 160,
    legalComments: "linked",
    sourcemap: hasSourceMaps ? "linked" : false,
    metafile: true,
    plugins: [leaveOut],
  });
  refuseUnwanted(metafile);
  await refuseUndeclared(metafile);
  for (const name of await readdir(migrations)) await cp(join(migrations, name), join(target, name));
  const manifest = { name: "eom-fission", version, private: true, type: "module", main: "index.mjs" };
  await writeFile(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await tell(target);
}

function refuseUnwanted({ inputs }: Metafile): void {
  const found = Object.keys(inputs).filter((input) => unwanted.test(input));
  if (found.length > 0) throw new Error(`the bundle would have ${found.join(", ")} in it`);
}

/** Bill of materials, audit and licences are about these; a package of development in the bundle would be in none of them. */
async function refuseUndeclared({ inputs }: Metafile): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const places = Object.keys(inputs).flatMap(
    (input) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? [],
  );
  const found = [...new Set(places)].filter((place) => packages[place] === undefined || packages[place].dev === true);
  if (found.length > 0) throw new Error(`the bundle would have ${found.join(", ")} in it, which is no dependency`);
}

async function tell(target: string): Promise<void> {
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

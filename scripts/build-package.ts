import { execFileSync } from "node:child_process";
import { chmod, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { assetPaths } from "../src/platform/assets.ts";

/*
 * Builds what EOM's npm package has: dist/eom, with the folders of the checkout. Node runs no TypeScript below node_modules, so each module
 * of src is compiled by itself, with a source map. Modules keep their paths, and so find migrations and assets as in the checkout.
 */

const root = join(import.meta.dirname, "..");
const target = join(root, "dist/eom");

const modules = "node_modules/";

/** Read by the program at these paths. */
const copied = ["db/migrations", "docs/reference/openapi.json"];

/** Compiled together with the packages that it imports, which EOM does not depend on: an S3 server, for the demo alone. */
const bundled = "src/demo/s3-server";

/** Compiles src without its tests, types and functions for Fission. */
function compile(): void {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.package.json")], { stdio: "inherit" });
}

/** @returns the folders of the bundled packages */
async function bundleS3Server(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${bundled}.ts`],
    outfile: join(target, `${bundled}.js`),
    bundle: true,
    // Paths stay below node_modules, even if that is a link.
    preserveSymlinks: true,
    format: "esm",
    platform: "node",
    target: "node22",
    external: Object.keys(manifest.dependencies),
    banner: {
      js: 'import { createRequire as createNodeRequire } from "node:module";\nconst require = createNodeRequire(import.meta.url);',
    },
    // writeLicences has them.
    legalComments: "none",
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 && path.startsWith(modules) ? [toPackageFolder(path)] : [],
    ),
  );
}

/** @param path of a file below node_modules; a package may have a node_modules of its own */
function toPackageFolder(path: string): string {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path;
}

async function copyFiles(): Promise<void> {
  for (const path of copied) await cp(join(root, path), join(target, path), { recursive: true });
  for (const path of assetPaths) await cp(join(root, "node_modules", path), join(target, "assets", path));
  // npm makes the command executable, but an image that unpacks the package would have to.
  await chmod(join(root, manifest.bin.eom), 0o755);
}

/** The version of EOM, and the names and versions of the packages that it has copies of, for the bill of materials. */
async function writeManifest(folders: readonly string[]): Promise<void> {
  const copied = await Promise.all(folders.map(readManifest));
  const { name, version } = manifest;
  const inner = {
    name,
    version,
    type: "module",
    copied: Object.fromEntries(copied.map((copy) => [copy.name, copy.version])),
  };
  await writeFile(join(target, "package.json"), `${JSON.stringify(inner, null, 2)}\n`);
}

async function readManifest(folder: string): Promise<{ name: string; version: string; license: string }> {
  return JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
}

/** Their licences require the texts beside the copies. */
async function writeLicences(folders: readonly string[]): Promise<void> {
  const texts = folders.map(async (folder) => {
    const { name, version, license } = await readManifest(folder);
    const files = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
    const parts = await Promise.all(files.map((file) => readFile(join(root, folder, file), "utf8")));
    return [`${name} ${version} (${license})`, ...parts.map((text) => text.trim())].join("\n\n");
  });
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  await writeFile(join(target, "LICENSES.txt"), `${(await Promise.all(texts)).join(rule)}\n`);
}

await rm(target, { recursive: true, force: true });
compile();
const bundledPackages = await bundleS3Server();
await copyFiles();
const copiedPackages = [...bundledPackages, ...assetPaths.map((path) => toPackageFolder(`${modules}${path}`))];
const folders = [...new Set(copiedPackages)].sort();
await writeManifest(folders);
await writeLicences(folders);

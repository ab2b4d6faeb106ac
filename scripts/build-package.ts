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

/** @returns the names of the bundled packages */
async function bundleS3Server(): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`${bundled}.ts`],
    outfile: join(target, `${bundled}.js`),
    bundle: true,
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
      bytesInOutput > 0 && path.startsWith(modules) ? [toPackageName(path.slice(modules.length))] : [],
    ),
  );
}

/** @param path below node_modules */
function toPackageName(path: string): string {
  return path.split("/", path.startsWith("@") ? 2 : 1).join("/");
}

async function copyFiles(): Promise<void> {
  for (const path of copied) await cp(join(root, path), join(target, path), { recursive: true });
  for (const path of assetPaths) await cp(join(root, "node_modules", path), join(target, "assets", path));
  // npm makes the command executable, but an image that unpacks the package would have to.
  await chmod(join(root, manifest.bin.eom), 0o755);
  const { name, version } = manifest;
  await writeFile(join(target, "package.json"), `${JSON.stringify({ name, version, type: "module" })}\n`);
}

/** Their licences require the texts beside the copies. */
async function writeLicences(packages: readonly string[]): Promise<void> {
  const texts = [...new Set(packages)].sort().map(async (name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
    const parts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return [`${name} ${version} (${license})`, ...parts.map((text) => text.trim())].join("\n\n");
  });
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  await writeFile(join(target, "LICENSES.txt"), `${(await Promise.all(texts)).join(rule)}\n`);
}

await rm(target, { recursive: true, force: true });
compile();
const packages = await bundleS3Server();
await copyFiles();
await writeLicences([...packages, ...assetPaths.map(toPackageName)]);

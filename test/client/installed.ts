import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The checkout. */
export const root = join(import.meta.dirname, "../..");

/** The checkout's TypeScript. */
export const tsc = join(root, "node_modules/typescript/bin/tsc");

/** Builds the client and installs it into a folder of modules, as a user has it. @returns its folder there */
export async function installClient(folder: string): Promise<string> {
  const installed = join(folder, "node_modules/@eom/client");
  await mkdir(installed, { recursive: true });
  await cp(join(root, "clients/typescript/package.json"), join(installed, "package.json"));
  const build = join(root, "clients/typescript/build.ts");
  await promisify(execFile)(process.execPath, [build, join(installed, "dist")]);
  await writeFile(join(folder, "package.json"), '{"type": "module"}');
  return installed;
}

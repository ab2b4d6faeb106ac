import { existsSync } from "node:fs";
import { mkdtemp, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeFolderFault } from "../platform/data-folder.ts";
import { describeLackOfRoom, toFreeBytes } from "../platform/database/disk-guard.ts";
import type { Check } from "./checks.ts";

const mebibyte = 1024 * 1024;

/** Warns before writes are refused. */
const comfortableFreeBytes = 100 * mebibyte;

/** Whether the folder has an embedded database. The first start creates it. */
export function hasEmbeddedDatabase(folder: string): boolean {
  return existsSync(join(folder, "database", "PG_VERSION"));
}

/** Checks the folder of an embedded database: only EOM's user can enter it, and it has room. */
export function createFolderCheck(folder: string): Check {
  return {
    name: "data folder",
    async run() {
      const { mode } = await stat(folder);
      if ((mode & 0o077) !== 0) throw new Error(`${folder} is open to other users: run chmod 700 ${folder}`);
      const problem = await findFolderProblem(folder);
      if (problem !== null) throw new Error(problem);
      return folder;
    },
  };
}

/**
 * Checks that EOM can keep its data in the folder, by creating an empty folder and removing it. Permissions alone do not show
 * this: they do not apply to root, and the disk may be mounted read-only. The folder need not exist yet.
 *
 * @returns a sentence: what is wrong, and what to do; null when EOM can
 */
export async function findFolderProblem(folder: string): Promise<string | null> {
  const existing = findExisting(folder);
  try {
    if (!(await stat(existing)).isDirectory()) return `${existing} is not a folder: set EOM_DATA_DIR to a folder.`;
    await rmdir(await mkdtemp(join(existing, ".doctor-")));
    const freeBytes = toFreeBytes(await statfs(existing));
    return freeBytes < comfortableFreeBytes ? describeLackOfRoom(folder, freeBytes) : null;
  } catch (error) {
    return describeFolderFault(folder, error);
  }
}

/** The folder itself, or its nearest parent that exists: the first start creates the folders between. */
function findExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : findExisting(dirname(folder));
}

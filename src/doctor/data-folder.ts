import { existsSync } from "node:fs";
import { mkdtemp, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Check } from "./checks.ts";

const mebibyte = 1024 * 1024;

/** A segment of PostgreSQL's log takes 16 MiB; room for a few, and for what they tell of. */
const leastFreeBytes = 100 * mebibyte;

export function hasEmbeddedDatabase(folder: string): boolean {
  return existsSync(join(folder, "database", "PG_VERSION"));
}

/** Of an embedded database: whether its folder is there for EOM alone, and has room. */
export function createFolderCheck(folder: string, freeBytes = leastFreeBytes): Check {
  return {
    name: "data folder",
    async run() {
      const { mode } = await stat(folder);
      if ((mode & 0o077) !== 0) throw new Error(`${folder} can be entered by others: chmod 700 ${folder}`);
      const problem = await findFolderProblem(folder, freeBytes);
      if (problem !== null) throw new Error(problem);
      return folder;
    },
  };
}

/**
 * Makes an empty folder in it, or where it is to be, and removes it: rights alone tell nothing of root or of a disk that is
 * mounted read-only.
 *
 * @returns a sentence of why EOM cannot keep its data there; null when it can
 */
export async function findFolderProblem(folder: string, freeBytes = leastFreeBytes): Promise<string | null> {
  const there = findExisting(folder);
  try {
    if (!(await stat(there)).isDirectory()) return `${there} is no folder: set EOM_DATA_DIR to one.`;
    await rmdir(await mkdtemp(join(there, ".doctor-")));
    const { bavail, bsize } = await statfs(there);
    return bavail * bsize < freeBytes ? describeLack(folder, bavail * bsize, freeBytes) : null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    return `${there} cannot be written to (${code}): let EOM's user do so, or set another EOM_DATA_DIR.`;
  }
}

/** The folder itself, or the nearest above it: the first start makes those between. */
function findExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : findExisting(dirname(folder));
}

function describeLack(folder: string, freeBytes: number, wantedBytes: number): string {
  const [free, wanted] = [freeBytes, wantedBytes].map((bytes) => Math.floor(bytes / mebibyte));
  return `The disk of ${folder} has ${free} MiB left and EOM wants ${wanted}: make room before the database fails.`;
}

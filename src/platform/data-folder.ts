import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { findErrorCode, toErrorCode } from "./error-code.ts";

/**
 * Creates a folder and its missing parents, for this user alone. Not by Node's own `recursive`, which never ends where the parent
 * exists and refuses, as `/proc` does.
 *
 * @throws an error of the operating system; ENOTDIR when the path is no folder
 */
export function createPrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = findErrorCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code === "EEXIST")
      throw Object.assign(new Error(`${path} is no folder`, { cause: error }), { code: "ENOTDIR" });
    if (code !== "ENOENT" || isFolder(dirname(path))) throw error;
    createPrivateFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Says in a sentence why EOM cannot keep its data in the folder, and what to do. */
export function describeFolderFault(folder: string, error: unknown): string {
  const code = toErrorCode(error);
  if (code === "ENOTDIR" || code === "EEXIST") return `${folder} is not a folder: set EOM_DATA_DIR to a folder.`;
  return `${folder} is not writable (${code}): let EOM's user write to it, or set another EOM_DATA_DIR.`;
}

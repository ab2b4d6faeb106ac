import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { link, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { readConfiguredFile, UnreadableFile } from "../../platform/configured-file.ts";
import { createPrivateFolder } from "../../platform/data-folder.ts";
import { type Failure, fail } from "../../platform/failure.ts";
import { keyBytes } from "./sealing.ts";

/**
 * Reads the key in the file `path` (32 raw bytes), and creates the file at the first start. Several processes that start at
 * once read the same key. Without the file, the secrets that were sealed with it are lost.
 *
 * @throws CONFIGURATION_ERROR when the file cannot be read or created, has another length, or is readable by others than
 * its owner
 */
export async function readOrCreateKeyFile(path: string): Promise<KeyObject> {
  try {
    return findKey(path) ?? (await createKey(path));
  } catch (error) {
    if (error instanceof UnreadableFile) throw refuseUnreadable(error);
    if (!isSystemError(error)) throw error;
    throw refuse(
      `The key file ${path} cannot be read or created (${error.code}): give EOM's user the permission`,
      error,
    );
  }
}

/**
 * Reads the key in the file `path`, which must exist.
 *
 * @throws CONFIGURATION_ERROR as {@link readOrCreateKeyFile}, and when the file does not exist
 */
export async function readKeyFile(path: string): Promise<KeyObject> {
  try {
    const key = findKey(path);
    if (key !== null) return key;
  } catch (error) {
    throw error instanceof UnreadableFile ? refuseUnreadable(error) : error;
  }
  throw refuse(`There is no key file ${path}`);
}

/** @throws CONFIGURATION_ERROR, UnreadableFile */
function findKey(path: string): KeyObject | null {
  try {
    const { content, stats } = readConfiguredFile(path);
    requirePrivate(path, stats);
    if (content.length === keyBytes) return createSecretKey(content);
    throw refuse(
      `The key file ${path} has ${content.length} bytes instead of ${keyBytes}: put back the one that was in use; if there was none, remove it and EOM creates one`,
    );
  } catch (error) {
    if (error instanceof UnreadableFile && error.code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Applies PostgreSQL's rule for key files: only the owner may read it, or also the group when the owner is root.
 * Kubernetes mounts secrets in the latter way for a process that is not root.
 *
 * @throws CONFIGURATION_ERROR
 */
function requirePrivate(path: string, { mode, uid }: Stats): void {
  if (process.platform === "win32") return;
  const forbidden = uid === 0 ? 0o037 : 0o077;
  if ((mode & forbidden) !== 0) {
    const actual = (mode & 0o777).toString(8).padStart(3, "0");
    throw refuse(`The key file ${path} is open to others (mode ${actual}): run chmod 600 ${path}`);
  }
}

/**
 * Creates the file with its content on disk before it has its name, so that no process reads a part of a key.
 *
 * @throws CONFIGURATION_ERROR when the file is removed meanwhile
 */
async function createKey(path: string): Promise<KeyObject> {
  createPrivateFolder(dirname(path));
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeDraft(draft);
    await link(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const key = findKey(path);
  if (key === null) throw refuse(`The key file ${path} was removed while EOM started: start it again`);
  return key;
}

async function writeDraft(path: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(randomBytes(keyBytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function refuseUnreadable(error: UnreadableFile): Failure {
  return refuse(`The key file ${error.message}: give EOM's user the permission, or correct EOM_KEY_FILE`, error);
}

function refuse(sentence: string, cause?: unknown): Failure {
  return fail("CONFIGURATION_ERROR", sentence, null, { cause });
}

/** Whether Node reports a failed system call. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { type FileHandle, link, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Failure, fail } from "../platform/failure.ts";
import { keyBytes } from "./sealing.ts";

/**
 * The key that lies in the file `path` (32 bytes as they are), made at the first start. Of several processes that start at
 * once, one makes it and all read the same. Whoever loses the file loses the secrets sealed with it.
 *
 * @throws CONFIGURATION_ERROR, with a sentence, when the file cannot be read or made, has another length, or others than
 * its owner may read it
 */
export async function readOrCreateKeyFile(path: string): Promise<KeyObject> {
  try {
    return (await findKey(path)) ?? (await createKey(path));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refuse(`The key file ${path} cannot be read or made (${error.code}): see that EOM's user may do so`, error);
  }
}

/**
 * The key that lies in the file `path`, which must be there.
 *
 * @throws CONFIGURATION_ERROR as {@link readOrCreateKeyFile} does, and when there is no such file
 */
export async function readKeyFile(path: string): Promise<KeyObject> {
  try {
    const key = await findKey(path);
    if (key !== null) return key;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refuse(`The key file ${path} cannot be read (${error.code}): see that EOM's user may do so`, error);
  }
  throw refuse(`There is no key file ${path}`);
}

async function findKey(path: string): Promise<KeyObject | null> {
  const file = await openFile(path);
  if (file === null) return null;
  try {
    await refuseOpenToOthers(path, file);
    const content = await file.readFile();
    if (content.length !== keyBytes) {
      throw refuse(
        `The key file ${path} has ${content.length} bytes instead of ${keyBytes}: put back the one that was in use; if there was none, remove it and a new one is made`,
      );
    }
    return createSecretKey(content);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return null;
    throw error;
  }
}

/**
 * PostgreSQL's rule for its own key file: nobody but the owner, or, when it is root's, its group too. The latter is how
 * Kubernetes mounts a secret for a process that is not root.
 */
async function refuseOpenToOthers(path: string, file: FileHandle): Promise<void> {
  if (process.platform === "win32") return;
  const { mode, uid } = await file.stat();
  const forbidden = uid === 0 ? 0o037 : 0o077;
  if ((mode & forbidden) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(3, "0");
    throw refuse(`The key file ${path} is open to others (mode ${found}): run chmod 600 ${path}`);
  }
}

/** The content is on the disk before the name is there: no reader ever meets half a key. */
async function createKey(path: string): Promise<KeyObject> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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
  const key = await findKey(path);
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

function refuse(sentence: string, cause?: unknown): Failure {
  return fail("CONFIGURATION_ERROR", sentence, null, { cause });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

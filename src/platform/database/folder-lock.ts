import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The process that has locked a data folder, as the message of {@link FolderInUse} names it. */
export interface FolderHolder {
  /** Null when it is not known. */
  readonly pid: number | null;
  /** Where it serves HTTP; null while it does not. */
  readonly url: string | null;
}

/** The lock of a data folder by this process. */
export interface FolderLock {
  /** Records where this process serves HTTP, for the message of a process that is refused. */
  announce(url: string): void;
  /** Safe to call twice. */
  release(): void;
}

/** A living process has locked the folder. The message is a sentence for the terminal. */
export class FolderInUse extends Error {
  /** Null when it is not known. */
  readonly holder: FolderHolder | null;

  constructor(folder: string, holder: FolderHolder | null) {
    const who =
      holder?.pid == null ? "another process" : `process ${holder.pid}${holder.url ? `, serving ${holder.url}` : ""}`;
    super(`The data folder ${folder} is in use by ${who}: stop it first, or ask it over HTTP instead.`);
    this.name = "FolderInUse";
    this.holder = holder;
  }
}

/**
 * Locks `folder` for this process. PGlite does not notice a second process on the same folder, and would corrupt it.
 *
 * Node has no flock, so an SQLite database in exclusive mode is the lock: the kernel releases its file lock when the process
 * ends, however it ends. A pid file could be stale, or its pid reused. The lock lasts until it is released, also when the
 * caller keeps no reference to it.
 *
 * @throws FolderInUse, or the error of the operating system when the lock cannot be created
 */
export function lockFolder(folder: string): FolderLock {
  const database = openLockFile(folder);
  const holderFile = join(folder, "holder.json");
  try {
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = memory; begin exclusive; commit;");
    database.exec("begin exclusive");
  } catch {
    database.close();
    throw new FolderInUse(folder, findHolder(holderFile));
  }
  const write = (url: string | null) =>
    writeFileSync(holderFile, `${JSON.stringify({ pid: process.pid, url } satisfies FolderHolder)}\n`, { mode: 0o600 });
  // The listener also keeps the database from garbage collection, which would close it and so release the lock.
  const release = () => {
    process.off("exit", release);
    if (database.isOpen) database.close();
  };
  process.on("exit", release);
  write(null);
  return { announce: write, release };
}

/** @throws the error of the operating system, which SQLite's own hides */
function openLockFile(folder: string): DatabaseSync {
  try {
    return new DatabaseSync(join(folder, "lock"));
  } catch (error) {
    // Not by opening the same file: to close it would release a lock that this process has.
    rmdirSync(mkdtempSync(join(folder, ".lock-")));
    throw error;
  }
}

function findHolder(file: string): FolderHolder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as FolderHolder;
  } catch {
    return null;
  }
}

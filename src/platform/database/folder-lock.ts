import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Who holds a data folder: told to the one who is refused. */
export interface FolderHolder {
  readonly pid: number;
  /** Where the holder serves HTTP; null while it does not. */
  readonly url: string | null;
}

export interface FolderLock {
  /** Tells those who come later where this process can be asked instead. */
  announce(url: string): void;
  /** Safe to call twice. */
  release(): void;
}

/** The folder is held by a living process. The message is a sentence for the terminal. */
export class FolderInUse extends Error {
  constructor(folder: string, holder: FolderHolder | null) {
    const who =
      holder === null ? "another process" : `process ${holder.pid}${holder.url ? `, serving ${holder.url}` : ""}`;
    super(`The data folder ${folder} is in use by ${who}: stop it first, or ask it over HTTP instead.`);
    this.name = "FolderInUse";
  }
}

/** Garbage collection closes a database that nobody refers to, and would drop the lock of a caller who never releases it. */
const held = new Set<DatabaseSync>();

/**
 * Holds `folder` for this process alone. PGlite does not notice a second process on the same folder and would corrupt it.
 *
 * Node has no flock, so an SQLite database in exclusive mode is the lock: the kernel drops its file lock when the process
 * dies, however it dies, and a pid file's doubts (stale? reused?) do not arise.
 *
 * @throws FolderInUse
 */
export function lockFolder(folder: string): FolderLock {
  const database = new DatabaseSync(join(folder, "lock"));
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
  const release = () => {
    if (held.delete(database)) database.close();
  };
  write(null);
  held.add(database);
  return { announce: write, release };
}

function findHolder(file: string): FolderHolder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as FolderHolder;
  } catch {
    return null;
  }
}

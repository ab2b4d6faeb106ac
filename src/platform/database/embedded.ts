import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { PGlite, type PGliteOptions, types } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { Kysely, PGliteDialect } from "kysely";
import { toAssetUrl } from "../assets.ts";
import { createPrivateFolder, describeFolderFault } from "../data-folder.ts";
import { requireRoom } from "./disk-guard.ts";
import { FolderInUse, type FolderLock, lockFolder } from "./folder-lock.ts";
import type { OpenDatabase } from "./open.ts";
import { parseTime } from "./parse-time.ts";
import type { Tables } from "./tables.ts";

/** PGlite writes all of it at the start, so the process keeps it. Pages beyond it come from the system's file cache (decision 17). */
const sharedBuffers = "16MB";

/**
 * V8 optimizes the hot parts of PostgreSQL on several threads, and the process keeps the memory that each has worked in.
 * With one thread the same code is optimized (decision 17).
 */
const oneCompilerAtATime = "--wasm-num-compilation-tasks=1";

/**
 * Opens PostgreSQL in this process (PGlite) on a folder that this process locks. The data survives a killed process. It
 * runs without fsync: to survive a power cut, use a real PostgreSQL.
 *
 * @throws FolderInUse, or an Error with a sentence when the disk is nearly full
 */
export async function openEmbeddedDatabase(folder: string): Promise<OpenDatabase & { lock: FolderLock }> {
  const lock = openFolder(folder);
  try {
    requireRoom(folder);
    const pglite = await createPglite(join(folder, "database"));
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    const close = async () => {
      await db.destroy();
      if (!pglite.closed) await pglite.close();
      lock.release();
    };
    return { db, reads: db, kind: "embedded", close, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** @throws FolderInUse, or an Error with a sentence when the folder cannot be used */
function openFolder(folder: string): FolderLock {
  try {
    createPrivateFolder(folder);
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUse) throw error;
    throw new Error(describeFolderFault(folder, error), { cause: error });
  }
}

/**
 * A new database begins as a copy of a prepared one, which takes a third of the time of initdb.
 *
 * @throws when `folder` has files that are no database
 */
async function createPglite(folder: string): Promise<PGlite> {
  const isNew = beginsAnew(folder);
  const pglite = await startPglite({ dataDir: folder, ...(isNew ? { loadDataDir: await readPreparedFolder() } : {}) });
  if (isNew) rmSync(toMark(folder));
  return pglite;
}

async function readPreparedFolder(): Promise<Blob> {
  return new Blob([await readFile(toAssetUrl("@electric-sql/pglite-prepopulatedfs/dist/prepopulatedfs.tgz"))]);
}

/** Starts PGlite with EOM's extensions, memory and parsers: numbers up to 2^53-1 come as numbers, times as dates. */
export function startPglite(source: Pick<PGliteOptions, "dataDir" | "loadDataDir">): Promise<PGlite> {
  setFlagsFromString(oneCompilerAtATime);
  return PGlite.create({
    ...source,
    extensions: { pg_trgm },
    startParams: [...PGlite.defaultStartParams, "-c", `shared_buffers=${sharedBuffers}`],
    parsers: {
      [types.INT8]: Number,
      [types.NUMERIC]: Number,
      [types.DATE]: parseTime,
      [types.TIMESTAMP]: parseTime,
      [types.TIMESTAMPTZ]: parseTime,
    },
  });
}

/**
 * Whether the folder has no complete database. Then it marks the folder as one that is being unpacked. Only a marked folder
 * is ever removed: its process died while it unpacked, so there is no data of anybody in it.
 */
function beginsAnew(folder: string): boolean {
  if (existsSync(toMark(folder))) rmSync(folder, { recursive: true, force: true });
  else if (existsSync(join(folder, "PG_VERSION"))) return false;
  else if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`${folder} exists and holds no database of EOM: move it away, or set another EOM_DATA_DIR.`);
  writeFileSync(toMark(folder), "");
  return true;
}

function toMark(folder: string): string {
  return `${folder}.unpacking`;
}

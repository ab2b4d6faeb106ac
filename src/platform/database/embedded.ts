import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { PGlite, types } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { Kysely, PGliteDialect } from "kysely";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import type { OpenDatabase } from "./open.ts";
import type { Tables } from "./tables.ts";

/** All of it is written to at the start, so the process holds it. What does not fit comes from the system's file cache. */
const sharedBuffers = "16MB";

/**
 * V8 optimizes what of PostgreSQL is used much, on as many threads as it has, and the memory that each of them worked in
 * stays with the process. What is optimized is the same with one.
 */
const oneCompilerAtATime = "--wasm-num-compilation-tasks=1";

/**
 * Opens PostgreSQL in this process (PGlite) on a folder that no other process may hold. It survives a killed process; it
 * runs without fsync, so a power cut needs a real PostgreSQL.
 *
 * @throws FolderInUse
 */
export async function openEmbeddedDatabase(folder: string): Promise<OpenDatabase & { lock: FolderLock }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  try {
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

/**
 * `folder` undefined keeps everything in memory: for tests. A new database begins from the package's prepared one, which
 * takes a third of the time that initdb does.
 *
 * @throws when `folder` holds something else than a database
 */
export async function createPglite(folder?: string): Promise<PGlite> {
  setFlagsFromString(oneCompilerAtATime);
  const isNew = folder === undefined || beginsAnew(folder);
  const pglite = await PGlite.create({
    ...(folder === undefined ? {} : { dataDir: folder }),
    ...(isNew ? { loadDataDir: await dataDir() } : {}),
    extensions: { pg_trgm },
    startParams: [...PGlite.defaultStartParams, "-c", `shared_buffers=${sharedBuffers}`],
    parsers: { [types.INT8]: Number, [types.NUMERIC]: Number },
  });
  if (folder !== undefined && isNew) rmSync(toMark(folder));
  return pglite;
}

/**
 * Leaves the mark of a database that is being unpacked, unless there is one that was unpacked to its end. Only what bears
 * the mark is ever removed: a process died while it unpacked it, so nothing of anybody's is in it.
 */
function beginsAnew(folder: string): boolean {
  if (existsSync(toMark(folder))) rmSync(folder, { recursive: true, force: true });
  else if (existsSync(join(folder, "PG_VERSION"))) return false;
  else if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`${folder} is there and holds no database of EOM: move it away, or set another EOM_DATA_DIR.`);
  writeFileSync(toMark(folder), "");
  return true;
}

function toMark(folder: string): string {
  return `${folder}.unpacking`;
}

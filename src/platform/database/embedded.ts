import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PGlite, types } from "@electric-sql/pglite";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { Kysely, PGliteDialect } from "kysely";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import type { OpenDatabase } from "./open.ts";
import type { Tables } from "./tables.ts";

/**
 * Opens PostgreSQL in this process (PGlite) on a folder that no other process may hold. It survives a killed process; it
 * runs without fsync, so a power cut needs a real PostgreSQL.
 *
 * @throws FolderInUse
 */
export async function openEmbeddedDatabase(dataDir: string): Promise<OpenDatabase & { lock: FolderLock }> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = lockFolder(dataDir);
  try {
    const pglite = await createPglite(join(dataDir, "database"));
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    const close = async () => {
      await db.destroy();
      if (!pglite.closed) await pglite.close();
      lock.release();
    };
    return { db, kind: "embedded", close, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** `dataDir` undefined keeps everything in memory: for tests. */
export async function createPglite(dataDir?: string): Promise<PGlite> {
  return PGlite.create({
    ...(dataDir === undefined ? {} : { dataDir }),
    extensions: { pg_trgm },
    parsers: { [types.INT8]: Number, [types.NUMERIC]: Number },
  });
}

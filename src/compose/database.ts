import type { Config } from "../platform/config/config.ts";
import type { FolderLock } from "../platform/database/folder-lock.ts";
import { findMigrationState, listPendingMigrations, migrate } from "../platform/database/migrate.ts";
import type { OpenDatabase } from "../platform/database/open.ts";
import type { Database } from "../platform/database/tables.ts";
import { createUnaskedDatabase } from "../platform/database/unasked.ts";
import type { Logger } from "../platform/log.ts";

/** The database that the configuration names, and the lock of its folder if it is embedded. */
export type ProgramDatabase = OpenDatabase & { readonly lock: FolderLock | null };

/**
 * Opens the database that EOM_DATABASE_URL names, or the embedded database. Only the driver that is used is loaded.
 *
 * @throws FolderInUse
 */
export async function openDatabase(config: Config): Promise<ProgramDatabase> {
  if (config.EOM_DATABASE_URL === null) {
    const { openEmbeddedDatabase } = await import("../platform/database/embedded.ts");
    return openEmbeddedDatabase(config.EOM_DATA_DIR);
  }
  const { openPostgresDatabase } = await import("../platform/database/postgres.ts");
  return { ...openPostgresDatabase(config.EOM_DATABASE_URL, config.EOM_DATABASE_POOL), lock: null };
}

/**
 * Brings the schema up to date where this process may: always for an embedded database, for a shared one only when asked.
 *
 * @throws when the database is behind and may not be migrated here, or is ahead of this program
 */
export async function prepareSchema(database: OpenDatabase, config: Config, log: Logger): Promise<void> {
  if (database.kind === "embedded" || config.EOM_MIGRATE) {
    const applied = await migrate(database.db);
    if (applied.length > 0) log.info({ migrations: applied }, "the database was migrated");
    return;
  }
  const pending = await listPendingMigrations(database.db);
  if (pending.length > 0) {
    throw new Error(`The database lacks ${pending.join(", ")}: run "eom migrate" first, or set EOM_MIGRATE=true`);
  }
}

/** A database that fails at the first query, for composing what needs none. */
export function openUnaskedDatabase(): ProgramDatabase {
  const db = createUnaskedDatabase();
  return { db, reads: db, kind: "embedded", lock: null, close: async () => {} };
}

/** Why the process must not get requests yet, as a sentence; null if it is ready. */
export async function findUnreadiness(db: Database): Promise<string | null> {
  const { pending } = await findMigrationState(db);
  return pending.length === 0 ? null : `The database lacks ${pending.join(", ")}: run "eom migrate"`;
}

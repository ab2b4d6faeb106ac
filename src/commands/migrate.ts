import { openDatabase } from "../compose/database.ts";
import { readConfig } from "../platform/config/config.ts";
import { findMigrationState, migrate } from "../platform/database/migrate.ts";

/**
 * `eom migrate`.
 *
 * @param isCheck applies none; exit code 1 when the database and this EOM do not have the same migrations
 */
export async function migrateDatabase(environment: NodeJS.ProcessEnv, isCheck: boolean): Promise<number> {
  const database = await openDatabase(readConfig(environment));
  try {
    if (isCheck) {
      const { pending, unknown } = await findMigrationState(database.db);
      for (const name of pending) console.log(`missing: ${name}`);
      for (const name of unknown) console.log(`unknown to this EOM, applied by a newer one: ${name}`);
      if (pending.length + unknown.length === 0) console.log("The database is up to date.");
      return pending.length + unknown.length === 0 ? 0 : 1;
    }
    const applied = await migrate(database.db);
    console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}`);
    return 0;
  } finally {
    await database.close();
  }
}

import { openDatabase } from "../compose/database.ts";
import { readConfig } from "../platform/config/config.ts";
import { listPendingMigrations } from "../platform/database/migrate.ts";
import { readKeyFile, readOrCreateKeyFile } from "../secrets/embedded/key-file.ts";
import { rekeySecrets } from "../secrets/embedded/rekey.ts";
import { UsageError } from "./usage.ts";

/**
 * `eom secrets rekey`: seals the secrets of the embedded store again with the key of EOM_KEY_FILE, which is created when it does not exist. Safe
 * to run again: secrets that the new key opens stay as they are.
 *
 * @throws UsageError when secrets are in Vault
 */
export async function rekey(environment: NodeJS.ProcessEnv, oldFile: string): Promise<number> {
  const config = readConfig(environment);
  if (config.EOM_SECRETS !== "embedded")
    throw new UsageError("EOM_SECRETS is not embedded: Vault keeps the secrets, and its own keys; rotate them there");
  const from = await readKeyFile(oldFile);
  const database = await openDatabase(config);
  try {
    // Throws when a newer EOM has migrated the database: it may seal secrets differently.
    await listPendingMigrations(database.db);
    const to = await readOrCreateKeyFile(config.keyFile);
    console.log(JSON.stringify(await rekeySecrets(database.db, { from, to })));
    return 0;
  } finally {
    await database.close();
  }
}

import { openDatabase } from "../compose/database.ts";
import { readConfig } from "../platform/config/config.ts";
import { listPendingMigrations } from "../platform/database/migrate.ts";
import { readKeyFile, readOrCreateKeyFile } from "../secrets/embedded/key-file.ts";
import { rekeySecrets } from "../secrets/embedded/rekey.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

export const secretsCommand: Command = {
  usage: "rekey <old key file>",
  about: "seals embedded secrets anew under EOM_KEY_FILE's key",
  async run(args, environment) {
    const [verb, oldFile, ...rest] = args;
    if (verb !== "rekey" || oldFile === undefined || rest.length > 0)
      throw new UsageError("eom secrets takes rekey and the path of the key file that was in use");
    const config = readConfig(environment);
    if (config.EOM_SECRETS !== "embedded")
      throw new UsageError("Vault keeps the secrets: their keys are Vault's to change");
    const from = await readKeyFile(oldFile);
    const database = await openDatabase(config);
    try {
      // For what it throws: a newer EOM may keep its secrets otherwise.
      await listPendingMigrations(database.db);
      const to = await readOrCreateKeyFile(config.keyFile);
      console.log(JSON.stringify(await rekeySecrets(database.db, { from, to })));
      return 0;
    } finally {
      await database.close();
    }
  },
};

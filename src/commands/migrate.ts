import { openDatabase } from "../compose/database.ts";
import { readConfig } from "../platform/config/config.ts";
import { findMigrationState, migrate } from "../platform/database/migrate.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** With `--check`, exit code 1 when the database and this EOM do not have the same migrations. */
export const migrateCommand: Command = {
  usage: "[--check]",
  about: "applies the missing migrations; --check lists them, and applies none",
  async run(args, environment) {
    if (args.some((word) => word !== "--check")) throw new UsageError("eom migrate accepts --check and no other word");
    const database = await openDatabase(readConfig(environment));
    try {
      if (args.includes("--check")) {
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
  },
};

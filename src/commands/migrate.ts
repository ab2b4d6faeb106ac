import { openDatabase } from "../compose/database.ts";
import { readConfig } from "../platform/config/config.ts";
import { findMigrationState, migrate } from "../platform/database/migrate.ts";
import type { Command } from "./command.ts";
import { UsageError } from "./usage.ts";

export const migrateCommand: Command = {
  usage: "[--check]",
  about: "applies migrations; --check only tells whether any are missing",
  async run(args, environment) {
    if (args.some((word) => word !== "--check")) throw new UsageError("eom migrate takes --check and nothing else");
    const database = await openDatabase(readConfig(environment));
    try {
      if (args.includes("--check")) {
        const { pending, unknown } = await findMigrationState(database.db);
        for (const name of pending) console.log(`missing: ${name}`);
        for (const name of unknown) console.log(`unknown here, from a newer EOM: ${name}`);
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

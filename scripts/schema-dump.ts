import { dataDir } from "@electric-sql/pglite-prepopulatedfs";
import { pgDump } from "@electric-sql/pglite-tools/pg_dump";
import { Kysely, PGliteDialect } from "kysely";
import { startPglite } from "../src/platform/database/embedded.ts";
import { migrate } from "../src/platform/database/migrate.ts";
import type { Tables } from "../src/platform/database/tables.ts";

/** pg_dump of a newly migrated database, without lines that differ between runs. */
export async function dumpSchema(): Promise<string> {
  const pglite = await startPglite({ loadDataDir: await dataDir() });
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  await migrate(db);
  const dump = await pgDump({ pg: pglite, args: ["--schema-only", "--no-owner", "--no-privileges"] });
  const text = await dump.text();
  await db.destroy();
  return `${text.replace(/^\\(un)?restrict .*\n/gm, "").trim()}\n`;
}

import { sql } from "kysely";
import type { Database } from "../../../src/platform/database/tables.ts";

/** Every row of every table as text, to search it for secrets as a thief of the database would. Bytes are in hex. */
export async function dumpDatabase(db: Database): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`select quote_ident(table_name) as name
    from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ line: string }>`select t::text as line from ${sql.raw(name)} as t`.execute(db);
    texts.push(`${name}\n${rows.map(({ line }) => line).join("\n")}`);
  }
  return texts.join("\n\n");
}

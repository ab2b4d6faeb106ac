import { sql } from "kysely";
import type { Database } from "./database/tables.ts";

/** The name under which this deployment keeps its secrets; made by the first migration, the same for all processes. */
export async function findDeploymentId(db: Database): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from eom_deployment`.execute(db);
  if (rows[0] === undefined) throw new Error("eom_deployment has no row: the database was not migrated by EOM");
  return rows[0].id;
}

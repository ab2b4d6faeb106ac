import { sql } from "kysely";
import type { Database } from "./database/tables.ts";

/**
 * The id of this deployment, part of the name of each of its secrets. The first migration creates it; all processes of a
 * database share it.
 *
 * @throws an Error when the database was not migrated by EOM
 */
export async function findDeploymentId(db: Database): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from eom_deployment`.execute(db);
  if (rows[0] === undefined) throw new Error("eom_deployment has no row: the database was not migrated by EOM");
  return rows[0].id;
}

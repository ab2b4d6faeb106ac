import { sql } from "kysely";
import type { Database } from "./database/tables.ts";

/** What all processes of a database share. The first migration creates it. */
export interface Deployment {
  /** Part of the name of each of its secrets. */
  readonly id: string;
  /** Signs the cursors of lists. */
  readonly cursorKey: Uint8Array;
}

/** For a program that is composed beside a database, and serves no request. */
export const noDeployment: Deployment = { id: "", cursorKey: new Uint8Array(32) };

/** @throws an Error when the database was not migrated by EOM */
export async function findDeployment(db: Database): Promise<Deployment> {
  const { rows } = await sql<Deployment>`select id, cursor_key as "cursorKey" from eom_deployment`.execute(db);
  if (rows[0] === undefined) throw new Error("eom_deployment has no row: the database was not migrated by EOM");
  return rows[0];
}

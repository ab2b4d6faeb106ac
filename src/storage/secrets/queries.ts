import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";

export interface SealedSecretRow {
  readonly ref: string;
  readonly sealed: Uint8Array;
}

/** @returns false, and changes nothing, when the reference is taken */
export async function insertSealedSecret(db: Database, row: SealedSecretRow): Promise<boolean> {
  const inserted = await db
    .insertInto("eom_sealed_secret")
    .values(row)
    .onConflict((conflict) => conflict.column("ref").doNothing())
    .returning("ref")
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function findSealedSecret(db: Database, ref: string): Promise<SealedSecretRow | undefined> {
  return db.selectFrom("eom_sealed_secret").select(["ref", "sealed"]).where("ref", "=", ref).executeTakeFirst();
}

export async function deleteSealedSecret(db: Database, ref: string): Promise<void> {
  await db.deleteFrom("eom_sealed_secret").where("ref", "=", ref).execute();
}

/** The oldest and the newest row: when the key changed in between, one of the two does not open. */
export async function listOldestAndNewestSealedSecret(db: Database): Promise<SealedSecretRow[]> {
  const { rows } = await sql<SealedSecretRow>`
    (select ref, sealed from eom_sealed_secret order by created limit 1)
    union all
    (select ref, sealed from eom_sealed_secret order by created desc limit 1)`.execute(db);
  return rows;
}

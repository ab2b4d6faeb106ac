import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";

/** A secret as AES-256-GCM sealed it. */
export interface SealedSecretRow {
  readonly ref: string;
  readonly sealed: Uint8Array;
}

/** @returns false when the reference is taken; nothing is changed then */
export async function insertSealedSecret(db: Database, row: SealedSecretRow): Promise<boolean> {
  const inserted = await db
    .insertInto("eom_sealed_secret")
    .values(row)
    .onConflict((conflict) => conflict.column("ref").doNothing())
    .returning("ref")
    .executeTakeFirst();
  return inserted !== undefined;
}

/** The secret under a reference. */
export async function findSealedSecret(db: Database, ref: string): Promise<SealedSecretRow | undefined> {
  return db.selectFrom("eom_sealed_secret").select(["ref", "sealed"]).where("ref", "=", ref).executeTakeFirst();
}

/** Removes the secret under a reference, if there is one. */
export async function deleteSealedSecret(db: Database, ref: string): Promise<void> {
  await db.deleteFrom("eom_sealed_secret").where("ref", "=", ref).execute();
}

/** Blocks writes of secrets until the transaction ends, not reads. */
export async function lockSealedSecrets(tx: DatabaseTransaction): Promise<void> {
  await sql`lock table eom_sealed_secret in share row exclusive mode`.execute(tx);
}

/** At most `limit` secrets with references greater than `after`, ordered by reference. */
export async function listSealedSecrets(db: Database, after: string, limit: number): Promise<SealedSecretRow[]> {
  return db
    .selectFrom("eom_sealed_secret")
    .select(["ref", "sealed"])
    .where("ref", ">", after)
    .orderBy("ref")
    .limit(limit)
    .execute();
}

/** Replaces the sealed texts of these rows. */
export async function updateSealedSecrets(tx: DatabaseTransaction, rows: readonly SealedSecretRow[]): Promise<void> {
  await sql`
    update eom_sealed_secret as s set sealed = decode(v.sealed, 'base64')
    from unnest(${rows.map(({ ref }) => ref)}::text[],
      ${rows.map(({ sealed }) => Buffer.from(sealed).toString("base64"))}::text[]) as v (ref, sealed)
    where s.ref = v.ref`.execute(tx);
}

/** The oldest and the newest row. If the key was changed in between, one of them does not open. */
export async function listOldestAndNewestSealedSecret(db: Database): Promise<SealedSecretRow[]> {
  const { rows } = await sql<SealedSecretRow>`
    (select ref, sealed from eom_sealed_secret order by created limit 1)
    union all
    (select ref, sealed from eom_sealed_secret order by created desc limit 1)`.execute(db);
  return rows;
}

import { CompiledQuery, type Selectable, sql } from "kysely";
import { toJson, toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import type { Verification } from "./model.ts";
import type { S3Location } from "./s3/location.ts";
import type { StorageTable } from "./tables.ts";

/** A storage with the collections bound to it. */
export type StorageRow = Selectable<StorageTable> & { collection_ids: string[] };

/** The columns that a create or update writes. The database sets the others. */
export interface NewStorage extends S3Location {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly enable: boolean;
  readonly labels: Record<string, string>;
  readonly access_key_id: string | null;
  readonly credential_ref: string | null;
  readonly verification: Verification | null;
  readonly modified: Date;
  readonly modified_by: string;
}

const collectionIdsText = `array(
  select c.collection_id::text from eom_storage_collection as c where c.storage_id = eom_storage.id order by 1)`;

/** The ids of the bound collections, for statements that name the table `eom_storage`. */
export const collectionIds = sql.raw<string[]>(collectionIdsText).as("collection_ids");

/** Fixed text: reads by id are frequent enough that Kysely's building of the text shows in measurements. */
const findText = `select *, ${collectionIdsText} as collection_ids from eom_storage where id = $1`;

/** @param id a UUID */
export async function findStorage(db: Reads, id: string): Promise<StorageRow | undefined> {
  const statement = CompiledQuery.raw(findText, [id]) as CompiledQuery<StorageRow>;
  return (await db.executeQuery(statement)).rows[0];
}

/** The storages with these ids, without their collections, in no order. An id without a storage gives no row. */
export function listStoragesById(db: Database, ids: readonly string[]) {
  return db.selectFrom("eom_storage").selectAll().where("id", "=", sql<string>`any(${ids}::uuid[])`).execute();
}

/** A connection that `eom doctor` probes. */
export type StorageToProbe = S3Location & {
  readonly name: string;
  readonly credential_ref: string | null;
  /** The number of enabled storages, the same in every row. */
  readonly enabled: number;
};

/**
 * Enabled storages in the order in which their connection is most in doubt: last verification failed, never verified,
 * then the oldest verification.
 */
export async function listStoragesToProbe(db: Database, limit: number): Promise<readonly StorageToProbe[]> {
  const { rows } = await sql<StorageToProbe>`
    select name, endpoint, region, bucket, prefix, path_style, read_only, ca_certificate,
      requester_pays, server_side_encryption, sse_kms_key_id, credential_ref,
      count(*) over ()::int as enabled
    from eom_storage where enable
    order by verification_status is distinct from 'FAIL', (verification ->> 'checked_at')::timestamptz nulls first, id
    limit ${limit}`.execute(db);
  return rows;
}

/**
 * Locks the row until the transaction ends and reads it with its collections. Bindings change under this lock too.
 *
 * Two statements, because a statement that waits for a row lock sees the locked row as it is afterwards, but every other
 * table as it was when the statement began: it would return collections from before the wait.
 */
export async function lockStorage(tx: DatabaseTransaction, id: string): Promise<StorageRow | undefined> {
  await tx.selectFrom("eom_storage").select("id").where("id", "=", id).forUpdate().execute();
  return findStorage(tx, id);
}

/** @returns the row with the columns that the database sets */
export function insertStorage(tx: DatabaseTransaction, storage: NewStorage): Promise<Selectable<StorageTable>> {
  return tx
    .insertInto("eom_storage")
    .values({ ...toColumns(storage), id: storage.id, created: storage.modified, created_by: storage.modified_by })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Writes every column and increments the version. */
export async function updateStorage(tx: DatabaseTransaction, storage: NewStorage): Promise<void> {
  await tx
    .updateTable("eom_storage")
    .set({ ...toColumns(storage), version: sql`version + 1` })
    .where("id", "=", storage.id)
    .execute();
}

function toColumns(storage: NewStorage) {
  return {
    name: storage.name,
    name_key: foldCase(storage.name),
    description: storage.description,
    search_text: foldCase(`${storage.name}\n${storage.description ?? ""}`),
    enable: storage.enable,
    labels: toJsonb(storage.labels),
    endpoint: storage.endpoint,
    region: storage.region,
    bucket: storage.bucket,
    prefix: storage.prefix,
    path_style: storage.path_style,
    read_only: storage.read_only,
    ca_certificate: storage.ca_certificate,
    requester_pays: storage.requester_pays,
    server_side_encryption: storage.server_side_encryption,
    sse_kms_key_id: storage.sse_kms_key_id,
    access_key_id: storage.access_key_id,
    credential_ref: storage.credential_ref,
    verification: storage.verification === null ? sql<null>`null` : toJson(storage.verification),
    modified: storage.modified,
    modified_by: storage.modified_by,
  };
}

/**
 * Stores a report unless the storage has changed since `version`. The report is part of the storage, so this increments
 * the version.
 *
 * @returns whether it was stored
 */
export async function updateVerification(
  tx: DatabaseTransaction,
  id: string,
  version: number,
  verification: Verification,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("eom_storage")
    .set({ verification: toJson(verification), version: sql`version + 1` })
    .where("id", "=", id)
    .where("version", "=", version)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Deletes the row; a foreign key refuses it while anything points to the storage. */
export async function deleteStorage(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_storage").where("id", "=", id).execute();
}

/**
 * Whether another storage has this name; case does not count.
 *
 * @param exceptId the storage that is being renamed; null for a new one
 */
export async function isNameTaken(db: Reads, name: string, exceptId: string | null): Promise<boolean> {
  const row = await db.selectFrom("eom_storage").select("id").where("name_key", "=", foldCase(name)).executeTakeFirst();
  return row !== undefined && row.id !== exceptId;
}

import { CompiledQuery, type Selectable, type SqlBool, sql } from "kysely";
import { escapeLike, toJson, toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { foldCase } from "../platform/resource/fields.ts";
import { listEnclosingPrefixes, type Verification } from "./model.ts";
import type { S3Location } from "./s3/location.ts";
import type { StorageTable } from "./tables.ts";

/** A storage with the collections bound to it. */
export type StorageRow = Selectable<StorageTable> & { collection_ids: string[] };

/** The columns that a create writes; `labels` goes as an object. */
export interface NewStorage extends S3Location {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly enable: boolean;
  readonly labels: Record<string, string>;
  readonly access_key_id: string;
  readonly credential_ref: string;
  readonly verification: Verification | null;
  readonly modified: Date;
  readonly modified_by: string;
}

const collectionIdsText = `array(
  select c.collection_id::text from eom_storage_collection as c where c.storage_id = eom_storage.id order by 1)`;

/** For statements that name the table `eom_storage`. */
export const collectionIds = sql.raw<string[]>(collectionIdsText).as("collection_ids");

/** Written out, as it is sent so often that making its text anew each time would show. */
const findText = `select *, ${collectionIdsText} as collection_ids from eom_storage where id = $1`;

export async function findStorage(db: Reads, id: string): Promise<StorageRow | undefined> {
  const statement = CompiledQuery.raw(findText, [id]) as CompiledQuery<StorageRow>;
  return (await db.executeQuery(statement)).rows[0];
}

/** Without their collections; those that do not exist are missing. */
export function listStoragesById(db: Database, ids: readonly string[]) {
  return db.selectFrom("eom_storage").selectAll().where("id", "=", sql<string>`any(${ids}::uuid[])`).execute();
}

export type StorageToProve = S3Location & {
  readonly name: string;
  readonly credential_ref: string;
  /** How many there are in all. */
  readonly enabled: number;
};

/** Enabled ones: those whose last report says FAIL, then those without one, then those whose report is oldest. */
export async function listStoragesToProve(db: Database, most: number): Promise<readonly StorageToProve[]> {
  const { rows } = await sql<StorageToProve>`
    select name, endpoint, region, bucket, prefix, path_style, read_only, ca_certificate, credential_ref,
      count(*) over ()::int as enabled
    from eom_storage where enable
    order by verification_status is distinct from 'FAIL', (verification ->> 'checked_at')::timestamptz nulls first, id
    limit ${most}`.execute(db);
  return rows;
}

/**
 * Holds the row against other writers until the transaction ends. Bindings of collections are made under it too, so they
 * are read by a statement of their own: one that waited for the lock sees the row as it is now, and other tables as they
 * were when it began to wait.
 */
export async function lockStorage(tx: DatabaseTransaction, id: string): Promise<StorageRow | undefined> {
  await tx.selectFrom("eom_storage").select("id").where("id", "=", id).forUpdate().execute();
  return findStorage(tx, id);
}

/** @returns the row as the database keeps it */
export function insertStorage(tx: DatabaseTransaction, storage: NewStorage): Promise<Selectable<StorageTable>> {
  return tx
    .insertInto("eom_storage")
    .values({ ...toColumns(storage), id: storage.id, created: storage.modified, created_by: storage.modified_by })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Writes every column anew and counts the version up. */
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
    access_key_id: storage.access_key_id,
    credential_ref: storage.credential_ref,
    verification: storage.verification === null ? sql<null>`null` : toJson(storage.verification),
    modified: storage.modified,
    modified_by: storage.modified_by,
  };
}

/**
 * Keeps a report, unless the storage has changed since `version`. The report is part of the object: a new version.
 *
 * @returns whether it was kept
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

export async function deleteStorage(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_storage").where("id", "=", id).execute();
}

/** One at a time for each bucket, until the transaction ends: two nesting locations that come at once must see each other. */
export async function lockBucket(tx: DatabaseTransaction, location: S3Location): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${location.endpoint}/${location.bucket}`}, 0))`.execute(
    tx,
  );
}

/** The other storages of the same bucket whose prefix holds this one or lies within it; at most 100. */
export function listOverlapping(db: Reads, location: S3Location, exceptId: string | null) {
  return db
    .selectFrom("eom_storage")
    .select(["id", "name", "prefix"])
    .where("endpoint", "=", location.endpoint)
    .where("bucket", "=", location.bucket)
    .where(
      sql<SqlBool>`(prefix like ${`${escapeLike(location.prefix)}%`} or prefix = any(${listEnclosingPrefixes(location.prefix)}::text[]))`,
    )
    .$if(exceptId !== null, (query) => query.where("id", "!=", exceptId as string))
    .orderBy("prefix")
    .orderBy("id")
    .limit(100)
    .execute();
}

export async function isNameTaken(db: Reads, name: string, exceptId: string | null): Promise<boolean> {
  const row = await db.selectFrom("eom_storage").select("id").where("name_key", "=", foldCase(name)).executeTakeFirst();
  return row !== undefined && row.id !== exceptId;
}

/** Replaces the bound collections by these. */
export async function replaceCollections(
  tx: DatabaseTransaction,
  id: string,
  collections: readonly string[],
  by: string,
): Promise<void> {
  await sql`with wanted as (select unnest(${[...collections]}::uuid[]) as collection_id),
    gone as (
      delete from eom_storage_collection as c
      where c.storage_id = ${id} and not exists (select from wanted where wanted.collection_id = c.collection_id))
    insert into eom_storage_collection (storage_id, collection_id, created_by)
    select ${id}::uuid, collection_id, ${by} from wanted
    on conflict do nothing`.execute(tx);
}

export function listCollectionDependants(db: Database, storageId: string, limit: number) {
  return db
    .selectFrom("eom_storage_collection")
    .select("collection_id as id")
    .where("storage_id", "=", storageId)
    .orderBy("collection_id")
    .limit(limit)
    .execute();
}

export async function countCollections(db: Database, storageId: string): Promise<number> {
  const { count } = await db
    .selectFrom("eom_storage_collection")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("storage_id", "=", storageId)
    .executeTakeFirstOrThrow();
  return count;
}

import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";

/** Binds exactly `collections` to the storage `id`. Bindings that stay keep their `created` and `created_by`. */
export async function replaceCollections(
  tx: DatabaseTransaction,
  id: string,
  collections: readonly string[],
  by: string,
): Promise<void> {
  await sql`with requested as (select unnest(${[...collections]}::uuid[]) as collection_id),
    unbound as (
      delete from eom_storage_collection as c
      where c.storage_id = ${id} and not exists (select from requested where requested.collection_id = c.collection_id))
    insert into eom_storage_collection (storage_id, collection_id, created_by)
    select ${id}::uuid, collection_id, ${by} from requested
    on conflict do nothing`.execute(tx);
}

/** The ids of the collections bound to a storage, in order; at most `limit`. */
export function listBoundCollections(db: Database, storageId: string, limit: number) {
  return db
    .selectFrom("eom_storage_collection")
    .select("collection_id as id")
    .where("storage_id", "=", storageId)
    .orderBy("collection_id")
    .limit(limit)
    .execute();
}

/** The number of collections bound to a storage. */
export async function countCollections(db: Database, storageId: string): Promise<number> {
  const { count } = await db
    .selectFrom("eom_storage_collection")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("storage_id", "=", storageId)
    .executeTakeFirstOrThrow();
  return count;
}

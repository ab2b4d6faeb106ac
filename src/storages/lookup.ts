import type { DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { isUuid } from "../platform/id.ts";
import { storageNotFound } from "./errors.ts";
import { findStorage, lockStorage, type StorageRow } from "./queries.ts";

/**
 * A storage by id.
 *
 * @throws STORAGE_NOT_FOUND also for an id that is no UUID
 */
export async function requireStorage(db: Reads, id: string): Promise<StorageRow> {
  const row = isUuid(id) ? await findStorage(db, id) : undefined;
  if (row === undefined) throw storageNotFound(id);
  return row;
}

/**
 * A storage by id, locked until the transaction ends.
 *
 * @param id a UUID
 * @throws STORAGE_NOT_FOUND
 */
export async function requireLockedStorage(tx: DatabaseTransaction, id: string): Promise<StorageRow> {
  const row = await lockStorage(tx, id);
  if (row === undefined) throw storageNotFound(id);
  return row;
}

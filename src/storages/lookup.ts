import type { DatabaseTransaction, Reads } from "../platform/database/tables.ts";
import { requireRow } from "../platform/resource/rows.ts";
import { storageNotFound } from "./errors.ts";
import { findStorage, lockStorage, type StorageRow } from "./queries.ts";

/**
 * A storage by id.
 *
 * @throws STORAGE_NOT_FOUND also for an id that is no UUID
 */
export function requireStorage(db: Reads, id: string): Promise<StorageRow> {
  return requireRow(id, () => findStorage(db, id), storageNotFound);
}

/**
 * A storage by id, locked until the transaction ends.
 *
 * @throws STORAGE_NOT_FOUND also for an id that is no UUID
 */
export function requireLockedStorage(tx: DatabaseTransaction, id: string): Promise<StorageRow> {
  return requireRow(id, () => lockStorage(tx, id), storageNotFound);
}

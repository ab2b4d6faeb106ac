import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { Change } from "../platform/resource/change.ts";
import { recordChange } from "../platform/resource/record-change.ts";
import type { Storage } from "./model.ts";
import type { StorageRow } from "./queries.ts";
import { toStorage } from "./representation.ts";

/**
 * Records that a storage was created or changed; the last step of the transaction.
 *
 * @param before null when the change creates the storage
 * @returns the storage as the API answers it
 */
export function recordStorageChange(
  tx: DatabaseTransaction,
  change: Change<Storage>,
  {
    action,
    before,
    after,
  }: { readonly action: string; readonly before: StorageRow | null; readonly after: StorageRow },
): Promise<Storage> {
  const rows = { before: before === null ? null : toStorage(before), after: toStorage(after) };
  return recordChange(tx, change, { action, kind: "storage", id: after.id, ...rows });
}

/** Records that a storage was deleted; the last step of the transaction. */
export function recordStorageDeletion(
  tx: DatabaseTransaction,
  change: Change<void>,
  before: StorageRow,
): Promise<void> {
  const { id } = before;
  const rows = { before: toStorage(before), after: null, result: undefined };
  return recordChange(tx, change, { action: "storage.delete", kind: "storage", id, ...rows });
}

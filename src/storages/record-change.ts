import { recordAudit } from "../platform/audit/record.ts";
import type { DatabaseTransaction } from "../platform/database/tables.ts";
import type { Change } from "../platform/resource/change.ts";
import type { Storage } from "./model.ts";
import type { StorageRow } from "./queries.ts";
import { toStorage } from "./representation.ts";

/**
 * Records a change of a storage in its transaction: the audit entry, and whatever else the caller keeps with it.
 *
 * @param before null when the change creates the storage
 * @returns the storage as the API answers it
 */
export async function recordStorageChange(
  tx: DatabaseTransaction,
  change: Change<Storage>,
  {
    action,
    before,
    after,
  }: { readonly action: string; readonly before: StorageRow | null; readonly after: StorageRow },
): Promise<Storage> {
  const storage = toStorage(after);
  await recordAudit(tx, {
    actor: change.actor,
    action,
    kind: "storage",
    objectId: storage.id,
    before: before === null ? null : toStorage(before),
    after: storage,
  });
  await change.beforeCommit(tx, storage);
  return storage;
}

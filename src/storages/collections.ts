import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { invalid } from "../platform/failure.ts";
import { isUuid } from "../platform/id.ts";
import type { Change } from "../platform/resource/change.ts";
import { replaceCollections } from "./collection-queries.ts";
import { collectionNotFound } from "./errors.ts";
import { requireLockedStorage, requireStorage } from "./lookup.ts";
import { maxCollections, type Storage } from "./model.ts";
import { updateStorage } from "./queries.ts";
import { recordStorageChange } from "./record-change.ts";
import { toStorage } from "./representation.ts";

interface Binding {
  readonly StorageId: string;
  readonly CollectionId: string;
}

/** Binds single collections to a storage and unbinds them. */
export function createCollectionBindings({ db, clock }: { readonly db: Database; readonly clock: Clock }) {
  /**
   * Binds a collection; changes nothing when it is bound already.
   *
   * @throws STORAGE_NOT_FOUND; COLLECTION_NOT_FOUND when the id is no UUID; VALIDATION_ERROR when the storage has {@link maxCollections} collections
   */
  function bindCollection(binding: Binding, change: Change<Storage>): Promise<Storage> {
    return changeBinding(binding, true, change);
  }

  /**
   * Unbinds a collection; changes nothing when it is not bound.
   *
   * @throws STORAGE_NOT_FOUND; COLLECTION_NOT_FOUND when the id is no UUID
   */
  function unbindCollection(binding: Binding, change: Change<Storage>): Promise<Storage> {
    return changeBinding(binding, false, change);
  }

  async function changeBinding({ StorageId: id, CollectionId }: Binding, isBound: boolean, change: Change<Storage>) {
    if (!isUuid(CollectionId)) throw collectionNotFound(CollectionId);
    await requireStorage(db, id);
    return inTransaction(db, async (tx) => {
      const before = await requireLockedStorage(tx, id);
      if (before.collection_ids.includes(CollectionId) === isBound) return toStorage(before);
      const collections = isBound
        ? addCollection(before.collection_ids, CollectionId)
        : before.collection_ids.filter((other) => other !== CollectionId);
      await replaceCollections(tx, id, collections, change.actor.subject);
      await updateStorage(tx, { ...before, modified: clock.now(), modified_by: change.actor.subject });
      const action = isBound ? "storage.bind_collection" : "storage.unbind_collection";
      return recordStorageChange(tx, change, { action, before, after: await requireStorage(tx, id) });
    });
  }

  return { bindCollection, unbindCollection };
}

function addCollection(bound: readonly string[], collectionId: string): string[] {
  if (bound.length < maxCollections) return [...bound, collectionId];
  const message = `cannot be bound: the storage has ${maxCollections} collections, which is the maximum; unbind another first`;
  throw invalid("/CollectionId", message, "too_big");
}

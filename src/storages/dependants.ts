import type { Database } from "../platform/database/tables.ts";
import { countCollections, listBoundCollections } from "./collection-queries.ts";
import type { Dependants } from "./model.ts";

const maxListed = 100;

interface DependantsOfKind {
  /** The number of all. */
  readonly total: number;
  /** At most `limit`, ordered by id. */
  readonly listed: readonly { readonly id: string; readonly name: string | null }[];
}

/** A kind of object that points to a storage by a foreign key, which keeps the storage from being deleted. */
export interface DependantSource {
  readonly kind: string;
  find(db: Database, storageId: string, limit: number): Promise<DependantsOfKind>;
}

/** The collections that are bound to a storage. */
export const collectionDependants: DependantSource = {
  kind: "collection",
  async find(db, storageId, limit) {
    const listed = await listBoundCollections(db, storageId, limit);
    return { total: await countCollections(db, storageId), listed: listed.map(({ id }) => ({ id, name: null })) };
  },
};

/** The objects that keep a storage from being deleted: the number of all, and the first hundred. */
export async function listDependants(
  db: Database,
  sources: readonly DependantSource[],
  storageId: string,
): Promise<Dependants> {
  const dependants: Dependants["dependants"] = [];
  let total = 0;
  for (const source of sources) {
    const ofKind = await source.find(db, storageId, maxListed - dependants.length);
    total += ofKind.total;
    dependants.push(...ofKind.listed.map(({ id, name }) => ({ kind: source.kind, id, name })));
  }
  return { total, dependants };
}

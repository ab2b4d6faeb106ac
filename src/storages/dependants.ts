import type { Database } from "../platform/database/tables.ts";
import type { Dependants } from "./model.ts";
import { countCollections, listCollectionDependants } from "./queries.ts";

const maxListed = 100;

interface FoundDependants {
  readonly total: number;
  /** At most `limit`, in a stable order. */
  readonly listed: readonly { readonly id: string; readonly name: string | null }[];
}

/** Objects of one kind that may point to a storage, and for which a foreign key holds it. */
export interface DependantSource {
  readonly kind: string;
  find(db: Database, storageId: string, limit: number): Promise<FoundDependants>;
}

/** The storage room's own. */
export const collectionDependants: DependantSource = {
  kind: "collection",
  async find(db, storageId, limit) {
    const listed = await listCollectionDependants(db, storageId, limit);
    return { total: await countCollections(db, storageId), listed: listed.map(({ id }) => ({ id, name: null })) };
  },
};

/** What would stop a delete: how many in all, and the first hundred. */
export async function listDependants(
  db: Database,
  sources: readonly DependantSource[],
  storageId: string,
): Promise<Dependants> {
  const dependants: Dependants["dependants"] = [];
  let total = 0;
  for (const source of sources) {
    const found = await source.find(db, storageId, maxListed - dependants.length);
    total += found.total;
    dependants.push(...found.listed.map(({ id, name }) => ({ kind: source.kind, id, name })));
  }
  return { total, dependants };
}

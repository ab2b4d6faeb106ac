import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isSearch, listConditions } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListStorages } from "./model.ts";
import { collectionIds, type StorageRow } from "./queries.ts";

const sortColumns = {
  name: { name: "name_key", type: "text", isUnique: true },
  enable: { name: "enable", type: "boolean" },
  created: { name: "created", type: "timestamptz" },
  modified: { name: "modified", type: "timestamptz" },
} as const satisfies Record<ListStorages["sortby"], SortColumn>;

/** One page of storages and the total. */
export function listStorages(db: Database, query: ListStorages, start: PageStart): Promise<Page<StorageRow>> {
  return listRows<StorageRow>(db, {
    table: "eom_storage",
    columns: sql`eom_storage.*, ${collectionIds}`,
    sort: sortColumns[query.sortby],
    filter: isAll([...listConditions(query), ...listCollectionConditions(query)]),
    isSearch: isSearch(query, query.collection_id),
    query,
    start,
  });
}

function listCollectionConditions({ collection_id }: ListStorages): RawBuilder<SqlBool>[] {
  if (collection_id === undefined) return [];
  return [
    sql`id in (select storage_id from eom_storage_collection where collection_id = any(${collection_id}::uuid[]))`,
  ];
}

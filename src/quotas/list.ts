import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isAny, isSearch, listConditions } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListQuotas } from "./model.ts";
import type { QuotaRow } from "./queries.ts";

/** The column of each `sortby`. */
export const quotaSortColumns = {
  name: { name: "name_key", type: "text", isUnique: true },
  type: { name: "type", type: "text" },
  enable: { name: "enable", type: "boolean" },
  created: { name: "created", type: "timestamptz" },
  modified: { name: "modified", type: "timestamptz" },
} as const satisfies Record<ListQuotas["sortby"], SortColumn>;

/** One page of quotas, and the total. */
export function listQuotas(db: Database, query: ListQuotas, start: PageStart): Promise<Page<QuotaRow>> {
  return listRows<QuotaRow>(db, {
    table: "eom_quota",
    columns: sql`eom_quota.*`,
    sort: quotaSortColumns[query.sortby],
    filter: toQuotaFilter(query),
    isSearch: isSearch(query),
    query,
    start,
  });
}

/** The condition of a query, on eom_quota or on rows with the same columns. */
export function toQuotaFilter(query: ListQuotas): RawBuilder<SqlBool> {
  const types = query.type === undefined ? [] : [isAny(query.type.map((type) => sql`type = ${type}`))];
  return isAll([...listConditions(query), ...types]);
}

type SortedRow = Pick<QuotaRow, "id" | (typeof quotaSortColumns)[ListQuotas["sortby"]]["name"]>;

/** Where a row is in the order of a list: the value for the cursor of the page that starts after it. */
export function toQuotaSortKey(row: SortedRow, sortby: ListQuotas["sortby"]): { value: string; id: string } {
  const value = row[quotaSortColumns[sortby].name];
  return { value: value instanceof Date ? value.toISOString() : String(value), id: row.id };
}

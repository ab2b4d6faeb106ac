import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { AuditTable } from "../platform/audit/tables.ts";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isAny } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListAudit } from "./model.ts";

/** One entry of the trail. */
export type AuditRow = Selectable<AuditTable>;

const order: SortColumn = { name: "at", type: "timestamptz" };

/**
 * One page and the total. Never a search for {@link listRows}: the indexes of kind and object have the order as well
 * (`kind, at, id`).
 */
export function listAudit(db: Database, query: ListAudit, start: PageStart): Promise<Page<AuditRow>> {
  return listRows<AuditRow>(db, {
    table: "eom_audit",
    columns: sql`eom_audit.*`,
    sort: order,
    filter: isAll(listConditions(query)),
    isSearch: false,
    query,
    start,
  });
}

function listConditions(query: ListAudit): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = [];
  // Equalities rather than `= any(…)`, in which an index with the order could not be read in its order.
  if (query.kind) conditions.push(isAny(query.kind.map((kind) => sql`kind = ${kind}`)));
  if (query.object_id) conditions.push(isAny(query.object_id.map((id) => sql`object_id = ${id}`)));
  if (query.subject) conditions.push(isAny(query.subject.map((subject) => sql`subject = ${subject}`)));
  if (query.from) conditions.push(sql`at >= ${query.from}`);
  if (query.to) conditions.push(sql`at < ${query.to}`);
  return conditions;
}

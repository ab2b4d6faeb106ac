import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import { isBeyond, toOffset, toOrder } from "../../platform/database/list.ts";
import { isOneOfRare } from "../../platform/database/list-filters.ts";
import type { Database } from "../../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../../platform/resource/paging.ts";
import type { LedgerTable } from "../tables.ts";
import type { ListLedger } from "./model.ts";

/** A row of eom_quota_ledger, as selected. */
export type LedgerRow = Selectable<LedgerTable>;

const byTime = { name: "created", type: "timestamptz" } as const;

/**
 * One page of a user's entries by time, and the total. A statement of its own and not `listRows`, which reads a page's rows by
 * their ids: the ledger is partitioned by month and has no index on the id.
 */
export async function listLedger(
  db: Database,
  userId: string,
  query: ListLedger,
  start: PageStart,
): Promise<Page<LedgerRow>> {
  const filter = toFilter(userId, query);
  const { rows } = await sql<LedgerRow & { total: number }>`
    select page.*, counted.total
    from (select count(*) as total from (
      select from eom_quota_ledger where ${filter} limit ${maxExactTotal + 1}) as counted) as counted
    left join (
      select * from eom_quota_ledger where ${filter} and ${isBeyond(sql.ref("created"), byTime, query.asc, start)}
      order by ${toOrder(byTime, query.asc)} limit ${query.size + 1} offset ${toOffset(start)}) as page on true
    order by ${toOrder(byTime, query.asc)}`.execute(db);
  return { rows: rows.filter(({ id }) => id !== null), total: rows[0]?.total ?? 0 };
}

function toFilter(userId: string, query: ListLedger): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [sql<SqlBool>`user_id = ${userId}`];
  if (query.type) conditions.push(sql`type = any(${query.type}::text[])`);
  if (query.kind) conditions.push(isOneOfRare("kind", "consume", query.kind));
  if (query.reservation_id) conditions.push(sql`reservation_id = any(${query.reservation_id}::uuid[])`);
  if (query.created_from) conditions.push(sql`created >= ${query.created_from}`);
  if (query.created_to) conditions.push(sql`created < ${query.created_to}`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

import { type RawBuilder, type SqlBool, sql } from "kysely";
import { type ListQuery, maxExactTotal, type Page, type PageStart } from "../resource/paging.ts";
import type { Database } from "./tables.ts";

/** A column that a list can be sorted by; an index of it (with `id`, unless it is unique) must be there. */
export interface SortColumn {
  readonly name: string;
  readonly type: "text" | "boolean" | "timestamptz";
  /** Unique by itself: a second column would only keep its index from serving the order. */
  readonly isUnique?: boolean;
}

interface ListRequest {
  /** Its key is `id`, a UUID. */
  readonly table: string;
  /** What is read of each row, in a statement that names the table by its name. */
  readonly columns: RawBuilder<unknown>;
  /** Another table that has a row for each, as in `c on c.row_id = table.id`. */
  readonly joined?: RawBuilder<unknown>;
  readonly sort: SortColumn;
  readonly filter: RawBuilder<SqlBool>;
  /** Whether the filter has something that an index answers without an order of its own. */
  readonly isSearch: boolean;
  readonly query: Pick<ListQuery<string>, "size" | "asc">;
  readonly start: PageStart;
}

/**
 * How far the order's index is walked for a page of a large search, before all that it finds is sorted: for each row wanted
 * so many, which suffices when the results (over 10,000) lie evenly among a million rows, and at most as many as below.
 */
const walkedForEach = 300;
const maxWalked = 30_000;

/**
 * One page and the total. The result of a search is collected and sorted, up to the greatest exact total; when there is
 * more, the index of the order is walked, as it is for any other list. The planner cannot make that choice: it takes the
 * results to lie evenly in every order, and walks to the index's end for those that lie last, or nowhere.
 */
export async function listRows<Row extends { readonly id: string }>(
  db: Database,
  request: ListRequest,
): Promise<Page<Row>> {
  const list = toList(request);
  if (!request.isSearch) return readPage<Row>(db, list, pickInOrder(list));
  const found = await readPage<Row>(db, list, pickFromAll(list, sql`limit ${maxExactTotal + 1}`));
  if (found.total <= maxExactTotal) return found;
  const near = await readPage<Row>(db, list, pickFromNearest(list));
  if (near.rows.length === list.limit) return { ...near, total: found.total };
  const all = await readPage<Row>(db, list, pickFromAll(list, sql`and ${list.isBeyond}`));
  return { ...all, total: found.total };
}

/** What a statement of a list is put together from. */
interface List {
  readonly table: RawBuilder<unknown>;
  readonly columns: RawBuilder<unknown>;
  readonly joins: RawBuilder<unknown>;
  readonly filter: RawBuilder<SqlBool>;
  /** Whether a row lies where the page begins or after it; `isPickBeyond` asks it of a row of (id, sort_value). */
  readonly isBeyond: RawBuilder<SqlBool>;
  readonly isPickBeyond: RawBuilder<SqlBool>;
  readonly column: RawBuilder<unknown>;
  readonly order: RawBuilder<unknown>;
  readonly pickOrder: RawBuilder<unknown>;
  readonly limit: number;
  readonly offset: number;
}

function toList({ table, columns, joined, sort, filter, query, start }: ListRequest): List {
  const direction = sql.raw(query.asc ? "asc" : "desc");
  const column = sql.ref(sort.name);
  return {
    table: sql.table(table),
    columns,
    joins: joined === undefined ? sql`` : sql`left join ${joined}`,
    filter,
    isBeyond: isBeyond(column, sort, query.asc, start),
    isPickBeyond: isBeyond(sql.ref("sort_value"), sort, query.asc, start),
    column,
    order: toOrder(sort, query.asc),
    pickOrder: sql`pick.sort_value ${direction}, pick.id ${direction}`,
    limit: query.size + 1,
    offset: toOffset(start),
  };
}

/** The order of a list: by the column, ties by id. */
export function toOrder(sort: SortColumn, asc: boolean): RawBuilder<unknown> {
  const direction = sql.raw(asc ? "asc" : "desc");
  const column = sql.ref(sort.name);
  return sort.isUnique === true ? sql`${column} ${direction}` : sql`${column} ${direction}, id ${direction}`;
}

/** Whether a row whose sort value is `value` lies beyond the one that the cursor names; true where there is no cursor. */
export function isBeyond(
  value: RawBuilder<unknown>,
  sort: SortColumn,
  asc: boolean,
  start: PageStart,
): RawBuilder<SqlBool> {
  if (start.by === "offset") return sql`true`;
  const sign = sql.raw(asc ? ">" : "<");
  if (sort.isUnique === true) return sql`${value} ${sign} ${start.value}`;
  return sql`(${value}, id) ${sign} (${start.value}::text::${sql.raw(sort.type)}, ${start.id}::uuid)`;
}

/** How many rows lie before the page; none with a cursor, which says it by its key. */
export function toOffset(start: PageStart): number {
  return start.by === "offset" ? start.offset : 0;
}

/** Reads the rows of a page whose ids were picked, in (id, sort_value, total); the total comes even with an empty page. */
async function readPage<Row extends { readonly id: string }>(
  db: Database,
  { table, columns, joins, pickOrder }: List,
  pick: RawBuilder<unknown>,
): Promise<Page<Row>> {
  const { rows } = await sql<Row & { total: number }>`
    select ${columns}, pick.total
    from (${pick}) as pick left join ${table} on ${table}.id = pick.id ${joins}
    order by ${pickOrder}`.execute(db);
  return { rows: rows.filter((row) => row.id !== null), total: rows[0]?.total ?? 0 };
}

function pickInOrder({ table, filter, isBeyond, column, order, limit, offset }: List): RawBuilder<unknown> {
  return sql`
    select page.id, page.sort_value, counted.total
    from (select count(*) as total from (select from ${table} where ${filter} limit ${maxExactTotal + 1}) as counted) as counted
    left join (
      select id, ${column} as sort_value from ${table} where ${filter} and ${isBeyond}
      order by ${order} limit ${limit} offset ${offset}) as page on true`;
}

/** `narrowed` goes on after the filter, and says which of all that it finds are wanted. */
function pickFromAll(list: List, narrowed: RawBuilder<unknown>): RawBuilder<unknown> {
  const { table, filter, isPickBeyond, column, pickOrder, limit, offset } = list;
  return sql`
    with found as materialized (select id, ${column} as sort_value from ${table} where ${filter} ${narrowed})
    select page.id, page.sort_value, counted.total
    from (select count(*) as total from found) as counted
    left join (
      select id, sort_value from found as pick where ${isPickBeyond} order by ${pickOrder} limit ${limit} offset ${offset}
    ) as page on true`;
}

function pickFromNearest({ table, filter, isBeyond, column, order, limit, offset }: List): RawBuilder<unknown> {
  const walked = Math.min(walkedForEach * (offset + limit), maxWalked);
  return sql`
    select id, ${column} as sort_value, 0 as total
    from (select * from ${table} where ${isBeyond} order by ${order} limit ${walked}) as ${table}
    where ${filter} order by ${order} limit ${limit} offset ${offset}`;
}

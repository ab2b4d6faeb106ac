import { type RawBuilder, type SqlBool, sql } from "kysely";
import { type ListQuery, maxExactTotal, type Page, type PageStart } from "../resource/paging.ts";
import type { Database } from "./tables.ts";

/** A column that a list can be sorted by. It needs an index, with `id` as second column unless it is unique. */
export interface SortColumn {
  readonly name: string;
  readonly type: "text" | "boolean" | "timestamptz";
  /** Unique by itself: with `id` as a second column its index could not give the order. */
  readonly isUnique?: boolean;
}

interface ListRequest {
  /** A table with the key `id`, a UUID. */
  readonly table: string;
  /** The columns of each row, qualified by the name of the table: `eom_quota.*`. */
  readonly columns: RawBuilder<unknown>;
  /** Another table with one row for each, as in `c on c.row_id = table.id`. */
  readonly joined?: RawBuilder<unknown>;
  readonly sort: SortColumn;
  readonly filter: RawBuilder<SqlBool>;
  /** Whether the filter is a search: answered by an index without the order of the list. See isSearch of list-filters.ts. */
  readonly isSearch: boolean;
  readonly query: Pick<ListQuery<string>, "size" | "asc">;
  readonly start: PageStart;
}

/**
 * Index rows to read per requested row, for a page of a search with more than 10,000 matches, before all matches are sorted
 * instead. 300 suffices if the matches are spread evenly over a million rows.
 */
const walkedPerRow = 300;
const maxWalked = 30_000;

/**
 * One page and the total.
 *
 * | list | how the page is read |
 * | --- | --- |
 * | no search | in the order of the index of the sort column |
 * | search with at most 10,000 matches | all matches are collected and sorted |
 * | search with more | in the order of the index, up to {@link maxWalked} rows of it; if the page is not full then, all matches from its start on are sorted |
 *
 * The planner cannot make this choice: it assumes that matches are spread evenly in every order, and walks to the end of the
 * index for matches that are last, or nowhere.
 */
export async function listRows<Row extends { readonly id: string }>(
  db: Database,
  request: ListRequest,
): Promise<Page<Row>> {
  const list = toList(request);
  if (!request.isSearch) return readPage<Row>(db, list, pickInOrder(list));
  const counted = await readPage<Row>(db, list, pickFromAll(list, sql`limit ${maxExactTotal + 1}`));
  if (counted.total <= maxExactTotal) return counted;
  const near = await readPage<Row>(db, list, pickFromNearest(list));
  if (near.rows.length === list.limit) return { ...near, total: counted.total };
  const all = await readPage<Row>(db, list, pickFromAll(list, sql`and ${list.isBeyond}`));
  return { ...all, total: counted.total };
}

/** The parts of the statements of a list. */
interface List {
  readonly table: RawBuilder<unknown>;
  readonly columns: RawBuilder<unknown>;
  readonly joins: RawBuilder<unknown>;
  readonly filter: RawBuilder<SqlBool>;
  /** Whether a row of the table is where the page begins or after it; `isPickBeyond` is for a row of (id, sort_value). */
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

/** The `order by` of a list: the column, then the id for rows with the same value. */
export function toOrder(sort: SortColumn, asc: boolean): RawBuilder<unknown> {
  const direction = sql.raw(asc ? "asc" : "desc");
  const column = sql.ref(sort.name);
  return sort.isUnique === true ? sql`${column} ${direction}` : sql`${column} ${direction}, id ${direction}`;
}

/** Whether a row with this sort value is after the row that the cursor names; true without a cursor. */
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

/** The number of rows before the page; 0 with a cursor, which gives the start by its key. */
export function toOffset(start: PageStart): number {
  return start.by === "offset" ? start.offset : 0;
}

/**
 * Reads the rows that `pick` chooses, a statement of (id, sort_value, total). It must give a row with the total even for an
 * empty page. Each row has the total as a further property.
 */
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

/** @param narrowed goes on after the filter: a further condition, or a limit */
function pickFromAll(list: List, narrowed: RawBuilder<unknown>): RawBuilder<unknown> {
  const { table, filter, isPickBeyond, column, pickOrder, limit, offset } = list;
  return sql`
    with match as materialized (select id, ${column} as sort_value from ${table} where ${filter} ${narrowed})
    select page.id, page.sort_value, counted.total
    from (select count(*) as total from match) as counted
    left join (
      select id, sort_value from match as pick where ${isPickBeyond} order by ${pickOrder} limit ${limit} offset ${offset}
    ) as page on true`;
}

function pickFromNearest({ table, filter, isBeyond, column, order, limit, offset }: List): RawBuilder<unknown> {
  const walked = Math.min(walkedPerRow * (offset + limit), maxWalked);
  return sql`
    select id, ${column} as sort_value, 0 as total
    from (select * from ${table} where ${isBeyond} order by ${order} limit ${walked}) as ${table}
    where ${filter} order by ${order} limit ${limit} offset ${offset}`;
}

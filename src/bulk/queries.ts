import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows } from "../platform/database/list.ts";
import { toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import { type Bulk, type BulkAction, type ListBulks, maxShown } from "./model.ts";

/** A row of ailbl_bulk with the counts of its items. */
export interface BulkRow {
  readonly id: string;
  readonly kind: Bulk["kind"];
  readonly action: BulkAction;
  readonly filter: Record<string, unknown>;
  readonly note: string | null;
  readonly state: Bulk["state"];
  readonly total: number;
  readonly created: Date;
  readonly created_by: string;
  readonly on_behalf_of: string | null;
  readonly ended: Date | null;
  readonly done: number;
  readonly failed: number;
  readonly failures: Bulk["failures"];
}

const count = (state: string) =>
  sql`(select count(*) from ailbl_bulk_item as i where i.bulk_id = ailbl_bulk.id and i.state = ${sql.lit(state)})`;

/** The columns of a {@link BulkRow}, for statements that name the table by its own name. */
const columns = sql`ailbl_bulk.*, ${count("done")} as done, ${count("failed")} as failed, coalesce((
    select jsonb_agg(jsonb_build_object('id', object_id) || error order by item) from (
      select i.item, i.object_id, i.error from ailbl_bulk_item as i where i.bulk_id = ailbl_bulk.id and i.state = 'failed'
      order by i.item limit ${sql.lit(maxShown)}) as failed), '[]') as failures`;

/** Reads a bulk action by id, which must be a UUID. */
export async function findBulk(db: Database, id: string): Promise<BulkRow | undefined> {
  const { rows } = await sql<BulkRow>`select ${columns} from ailbl_bulk where id = ${id}`.execute(db);
  return rows[0];
}

/** One page, oldest first by default, and the total. */
export function listBulks(db: Database, query: ListBulks, start: PageStart): Promise<Page<BulkRow>> {
  return listRows<BulkRow>(db, {
    table: "ailbl_bulk",
    columns,
    sort: { name: "created", type: "timestamptz" },
    filter: sql`true`,
    isSearch: false,
    query,
    start,
  });
}

type NewBulk = Omit<BulkRow, "done" | "failed" | "failures">;

/** Inserts a bulk action without its items. */
export async function insertBulk(tx: DatabaseTransaction, { filter, ...bulk }: NewBulk): Promise<void> {
  await tx
    .insertInto("ailbl_bulk")
    .values({ ...bulk, filter: toJsonb(filter) })
    .execute();
}

/** The objects of a bulk action: a table and a condition on its columns. */
export interface BulkTarget {
  readonly kind: Bulk["kind"];
  readonly filter: RawBuilder<SqlBool>;
}

const tables = { session: "ailbl_session", schedule: "ailbl_schedule" } as const satisfies Record<Bulk["kind"], string>;

/**
 * Inserts the ids that match as items, oldest first, at most `limit`.
 *
 * @returns the number of items. Pass a limit of one more than expected, to see whether more objects match
 */
export async function insertItems(
  tx: DatabaseTransaction,
  id: string,
  { kind, filter }: BulkTarget,
  limit: number,
): Promise<number> {
  const { rows } = await sql<{ items: number }>`
    with inserted as (
      insert into ailbl_bulk_item (bulk_id, item, object_id)
      select ${id}::uuid, row_number() over (order by target.id), target.id
      from (select id from ${sql.table(tables[kind])} where ${filter} order by id limit ${limit}) as target
      returning 1)
    select count(*) as items from inserted`.execute(tx);
  return rows[0]?.items ?? 0;
}

/** Counts the objects that match now. */
export async function countTargets(db: Database, { kind, filter }: BulkTarget): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from ${sql.table(tables[kind])} where ${filter}`.execute(db);
  return rows[0]?.total ?? 0;
}

/**
 * Ends a running bulk action: as `done` only if no item waits, as `canceled` in any case.
 *
 * @returns whether this call ended it
 */
export async function endBulk(db: Database, id: string, state: "done" | "canceled", now: Date): Promise<boolean> {
  const { rows } = await sql`
    update ailbl_bulk set state = ${state}, ended = ${now} where id = ${id} and state = 'running'
      and (${state}::text = 'canceled'
        or not exists (select from ailbl_bulk_item where bulk_id = ${id} and state = 'waiting'))
    returning 1`.execute(db);
  return rows.length === 1;
}

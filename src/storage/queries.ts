import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import { escapeLike, toJson, toJsonb } from "../platform/database/sql.ts";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";
import { foldCase } from "../platform/http/fields.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/http/paging.ts";
import { type ListStorages, listEnclosingPrefixes, type Verification } from "./model.ts";
import type { S3Location } from "./s3/location.ts";
import type { StorageTable } from "./tables.ts";

/** A storage with the collections bound to it. */
export type StorageRow = Selectable<StorageTable> & { collection_ids: string[] };

/** The columns that a create writes; `labels` goes as an object. */
export interface NewStorage extends S3Location {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly enable: boolean;
  readonly labels: Record<string, string>;
  readonly access_key_id: string;
  readonly credential_ref: string;
  readonly verification: Verification | null;
  readonly modified: Date;
  readonly modified_by: string;
}

const collectionIds = sql<string[]>`array(
  select c.collection_id::text from eom_storage_collection as c where c.storage_id = eom_storage.id order by 1)`.as(
  "collection_ids",
);

export function findStorage(db: Database, id: string): Promise<StorageRow | undefined> {
  return db.selectFrom("eom_storage").selectAll().select(collectionIds).where("id", "=", id).executeTakeFirst();
}

/**
 * Holds the row against other writers until the transaction ends. Bindings of collections are made under it too, so they
 * are read by a statement of their own: one that waited for the lock sees the row as it is now, and other tables as they
 * were when it began to wait.
 */
export async function lockStorage(tx: DatabaseTransaction, id: string): Promise<StorageRow | undefined> {
  await tx.selectFrom("eom_storage").select("id").where("id", "=", id).forUpdate().execute();
  return findStorage(tx, id);
}

export async function insertStorage(tx: DatabaseTransaction, storage: NewStorage): Promise<void> {
  await tx
    .insertInto("eom_storage")
    .values({ ...toColumns(storage), id: storage.id, created: storage.modified, created_by: storage.modified_by })
    .execute();
}

/** Writes every column anew and counts the version up. */
export async function updateStorage(tx: DatabaseTransaction, storage: NewStorage): Promise<void> {
  await tx
    .updateTable("eom_storage")
    .set({ ...toColumns(storage), version: sql`version + 1` })
    .where("id", "=", storage.id)
    .execute();
}

function toColumns(storage: NewStorage) {
  return {
    name: storage.name,
    name_key: foldCase(storage.name),
    description: storage.description,
    search_text: foldCase(`${storage.name}\n${storage.description ?? ""}`),
    enable: storage.enable,
    labels: toJsonb(storage.labels),
    endpoint: storage.endpoint,
    region: storage.region,
    bucket: storage.bucket,
    prefix: storage.prefix,
    path_style: storage.path_style,
    read_only: storage.read_only,
    ca_certificate: storage.ca_certificate,
    access_key_id: storage.access_key_id,
    credential_ref: storage.credential_ref,
    verification: storage.verification === null ? sql<null>`null` : toJson(storage.verification),
    modified: storage.modified,
    modified_by: storage.modified_by,
  };
}

/** Keeps a report, unless the storage has changed since `version`. The report is part of the object: a new version. */
export async function updateVerification(
  db: Database,
  id: string,
  version: number,
  verification: Verification,
): Promise<void> {
  await db
    .updateTable("eom_storage")
    .set({ verification: toJson(verification), version: sql`version + 1` })
    .where("id", "=", id)
    .where("version", "=", version)
    .execute();
}

export async function deleteStorage(tx: DatabaseTransaction, id: string): Promise<void> {
  await tx.deleteFrom("eom_storage").where("id", "=", id).execute();
}

/** One at a time for each bucket, until the transaction ends: two nesting locations that come at once must see each other. */
export async function lockBucket(tx: DatabaseTransaction, location: S3Location): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${location.endpoint}/${location.bucket}`}, 0))`.execute(
    tx,
  );
}

/** The other storages of the same bucket whose prefix holds this one or lies within it; at most 100. */
export function listOverlapping(db: Database, location: S3Location, exceptId: string | null) {
  return db
    .selectFrom("eom_storage")
    .select(["id", "name", "prefix"])
    .where("endpoint", "=", location.endpoint)
    .where("bucket", "=", location.bucket)
    .where(
      sql<SqlBool>`(prefix like ${`${escapeLike(location.prefix)}%`} or prefix = any(${listEnclosingPrefixes(location.prefix)}::text[]))`,
    )
    .$if(exceptId !== null, (query) => query.where("id", "!=", exceptId as string))
    .orderBy("prefix")
    .orderBy("id")
    .limit(100)
    .execute();
}

export async function isNameTaken(db: Database, name: string, exceptId: string | null): Promise<boolean> {
  const row = await db.selectFrom("eom_storage").select("id").where("name_key", "=", foldCase(name)).executeTakeFirst();
  return row !== undefined && row.id !== exceptId;
}

/** Replaces the bound collections by these. */
export async function replaceCollections(
  tx: DatabaseTransaction,
  id: string,
  collections: readonly string[],
  by: string,
): Promise<void> {
  await sql`with wanted as (select unnest(${[...collections]}::uuid[]) as collection_id),
    gone as (
      delete from eom_storage_collection as c
      where c.storage_id = ${id} and not exists (select from wanted where wanted.collection_id = c.collection_id))
    insert into eom_storage_collection (storage_id, collection_id, created_by)
    select ${id}::uuid, collection_id, ${by} from wanted
    on conflict do nothing`.execute(tx);
}

export function listCollectionDependants(db: Database, storageId: string, limit: number) {
  return db
    .selectFrom("eom_storage_collection")
    .select("collection_id as id")
    .where("storage_id", "=", storageId)
    .orderBy("collection_id")
    .limit(limit)
    .execute();
}

export async function countCollections(db: Database, storageId: string): Promise<number> {
  const { count } = await db
    .selectFrom("eom_storage_collection")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("storage_id", "=", storageId)
    .executeTakeFirstOrThrow();
  return count;
}

const sortColumns = { name: "name_key", enable: "enable", created: "created", modified: "modified" } as const;

/**
 * How far the order's index is walked for a page of a large search, before all that it finds is sorted: for each row wanted
 * so many, which suffices when the results (over 10,000) lie evenly among a million storages, and at most as many as below.
 */
const walkedForEach = 300;
const maxWalked = 30_000;

/**
 * One page and the total. The result of a search is collected and sorted, up to the greatest exact total; when there is
 * more, the index of the order is walked, as it is for any other list. The planner cannot make that choice: it takes the
 * results to lie evenly in every order, and walks to the index's end for those that lie last, or nowhere.
 */
export async function listStorages(db: Database, query: ListStorages, start: PageStart): Promise<Page<StorageRow>> {
  const list = toList(query, start);
  if (!isSearch(query)) return readPage(db, list, pickInOrder(list));
  const found = await readPage(db, list, pickFromAll(list, sql`limit ${maxExactTotal + 1}`));
  if (found.total <= maxExactTotal) return found;
  const near = await readPage(db, list, pickFromNearest(list));
  if (near.rows.length === list.limit) return { ...near, total: found.total };
  const all = await readPage(db, list, pickFromAll(list, sql`and ${list.isBeyond}`));
  return { ...all, total: found.total };
}

/** What a statement of a list is put together from. */
interface List {
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

function toList(query: ListStorages, start: PageStart): List {
  const column = sortColumns[query.sortby];
  const direction = sql.raw(query.asc ? "asc" : "desc");
  const name = sql.ref(column);
  return {
    filter: toFilter(query),
    isBeyond: isBeyond(name, column, query.asc, start),
    isPickBeyond: isBeyond(sql.ref("sort_value"), column, query.asc, start),
    column: name,
    // A name is unique by itself; a second column would only keep its index from serving the order.
    order: column === "name_key" ? sql`name_key ${direction}` : sql`${name} ${direction}, id ${direction}`,
    pickOrder: sql`pick.sort_value ${direction}, pick.id ${direction}`,
    limit: query.size + 1,
    offset: start.by === "offset" ? start.offset : 0,
  };
}

/** Searches are filters that an index answers without an order of its own. */
function isSearch({ ids, keyword, collection_id, label }: ListStorages): boolean {
  return [ids, keyword, collection_id, label].some((values) => values !== undefined);
}

/** Reads the rows of a page whose ids were picked, in (id, sort_value, total); the total comes even with an empty page. */
async function readPage(db: Database, list: List, pick: RawBuilder<unknown>): Promise<Page<StorageRow>> {
  const { rows } = await sql<StorageRow & { total: number }>`
    select eom_storage.*, ${collectionIds}, pick.total
    from (${pick}) as pick left join eom_storage on eom_storage.id = pick.id
    order by ${list.pickOrder}`.execute(db);
  return { rows: rows.filter((row) => row.id !== null), total: rows[0]?.total ?? 0 };
}

function pickInOrder({ filter, isBeyond, column, order, limit, offset }: List): RawBuilder<unknown> {
  return sql`
    select page.id, page.sort_value, counted.total
    from (select count(*) as total from (select from eom_storage where ${filter} limit ${maxExactTotal + 1}) as counted) as counted
    left join (
      select id, ${column} as sort_value from eom_storage where ${filter} and ${isBeyond}
      order by ${order} limit ${limit} offset ${offset}) as page on true`;
}

/** `narrowed` goes on after the filter, and says which of all that it finds are wanted. */
function pickFromAll(list: List, narrowed: RawBuilder<unknown>): RawBuilder<unknown> {
  const { filter, isPickBeyond, column, pickOrder, limit, offset } = list;
  return sql`
    with found as materialized (select id, ${column} as sort_value from eom_storage where ${filter} ${narrowed})
    select page.id, page.sort_value, counted.total
    from (select count(*) as total from found) as counted
    left join (
      select id, sort_value from found as pick where ${isPickBeyond} order by ${pickOrder} limit ${limit} offset ${offset}
    ) as page on true`;
}

function pickFromNearest({ filter, isBeyond, column, order, limit, offset }: List): RawBuilder<unknown> {
  const walked = Math.min(walkedForEach * (offset + limit), maxWalked);
  return sql`
    select id, ${column} as sort_value, 0 as total
    from (select * from eom_storage where ${isBeyond} order by ${order} limit ${walked}) as eom_storage
    where ${filter} order by ${order} limit ${limit} offset ${offset}`;
}

function toFilter(query: ListStorages): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [sql<SqlBool>`true`];
  if (query.ids) conditions.push(sql`id = any(${query.ids}::uuid[])`);
  if (query.keyword) conditions.push(hasKeyword(query.keyword));
  if (query.collection_id) {
    conditions.push(
      sql`id in (select storage_id from eom_storage_collection where collection_id = any(${query.collection_id}::uuid[]))`,
    );
  }
  if (query.enable) conditions.push(isAny(query.enable.map((enable) => sql`enable = ${enable}`)));
  if (query.label) conditions.push(isAny(query.label.map((label) => sql`labels @> ${toJsonb(toLabel(label))}`)));
  if (query.created_from) conditions.push(sql`created >= ${query.created_from}`);
  if (query.created_to) conditions.push(sql`created < ${query.created_to}`);
  if (query.modified_from) conditions.push(sql`modified >= ${query.modified_from}`);
  if (query.modified_to) conditions.push(sql`modified < ${query.modified_to}`);
  return sql`${sql.join(conditions, sql` and `)}`;
}

/**
 * Each keyword by a LIKE of its own: PostgreSQL may settle on one plan for any keywords, and takes `like any` of an unknown
 * array to find so much that it reads the table. A keyword without a trigram must not reach the index, which would be read
 * from end to end; that takes longer than the table.
 */
function hasKeyword(keywords: readonly string[]): RawBuilder<SqlBool> {
  const text = keywords.map(foldCase).every(hasTrigram) ? sql`search_text` : sql`(search_text || '')`;
  return isAny(keywords.map((keyword) => sql`${text} like ${toKeywordPattern(keyword)}`));
}

/** As pg_trgm finds them: three in a row, or fewer beside a sign that ends a word. */
function hasTrigram(keyword: string): boolean {
  return /[\p{L}\p{N}]{3}|[\p{L}\p{N}]{2}[^\p{L}\p{N}]|[^\p{L}\p{N}][\p{L}\p{N}]/u.test(keyword);
}

function isAny(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return sql`(${sql.join(conditions, sql` or `)})`;
}

function toKeywordPattern(keyword: string): string {
  return `%${escapeLike(foldCase(keyword))}%`;
}

function toLabel(label: string): Record<string, string> {
  const colon = label.indexOf(":");
  return { [label.slice(0, colon)]: label.slice(colon + 1) };
}

function isBeyond(
  value: RawBuilder<unknown>,
  column: "name_key" | "enable" | "created" | "modified",
  asc: boolean,
  start: PageStart,
): RawBuilder<SqlBool> {
  if (start.by === "offset") return sql`true`;
  const sign = sql.raw(asc ? ">" : "<");
  if (column === "name_key") return sql`${value} ${sign} ${start.value}`;
  const type = sql.raw(column === "enable" ? "boolean" : "timestamptz");
  return sql`(${value}, id) ${sign} (${start.value}::text::${type}, ${start.id}::uuid)`;
}

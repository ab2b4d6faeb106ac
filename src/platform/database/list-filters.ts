import { type RawBuilder, type SqlBool, sql } from "kysely";
import { foldCase } from "../resource/fields.ts";
import { escapeLike, toJsonb } from "./sql.ts";

/** The filters that the lists of most objects share. An object matches every field, and of a field any value. */
interface CommonFilters {
  readonly ids?: readonly string[] | undefined;
  readonly keyword?: readonly string[] | undefined;
  readonly enable?: readonly boolean[] | undefined;
  readonly label?: readonly string[] | undefined;
  readonly created_from?: Date | undefined;
  readonly created_to?: Date | undefined;
  readonly modified_from?: Date | undefined;
  readonly modified_to?: Date | undefined;
}

/** The conditions of the filters, for a table with `id`, `search_text`, `enable`, `labels`, `created` and `modified`. */
export function listConditions(query: CommonFilters): RawBuilder<SqlBool>[] {
  const conditions: RawBuilder<SqlBool>[] = [];
  if (query.ids) conditions.push(sql`id = any(${query.ids}::uuid[])`);
  if (query.keyword) conditions.push(hasKeyword(query.keyword));
  if (query.enable) conditions.push(isAny(query.enable.map((enable) => sql`enable = ${enable}`)));
  if (query.label) conditions.push(isAny(query.label.map((label) => sql`labels @> ${toJsonb(toLabel(label))}`)));
  if (query.created_from) conditions.push(sql`created >= ${query.created_from}`);
  if (query.created_to) conditions.push(sql`created < ${query.created_to}`);
  if (query.modified_from) conditions.push(sql`modified >= ${query.modified_from}`);
  if (query.modified_to) conditions.push(sql`modified < ${query.modified_to}`);
  return conditions;
}

/**
 * Whether a filter is given that an index answers without the order of the list: ids, keyword, label, or a filter of the
 * room (`own`).
 */
export function isSearch({ ids, keyword, label }: CommonFilters, ...own: readonly unknown[]): boolean {
  return [ids, keyword, label, ...own].some((values) => values !== undefined);
}

/**
 * Whether the column has one of the values. All values but `common` are rare, and their partial index leaves `common` out.
 * PostgreSQL uses it only if the statement says that the value is not `common`, so this says it.
 */
export function isOneOfRare(column: string, common: string, values: readonly string[]): RawBuilder<SqlBool> {
  const isOneOf = sql<SqlBool>`${sql.ref(column)} = any(${values}::text[])`;
  return values.includes(common) ? isOneOf : sql`${sql.ref(column)} <> ${sql.lit(common)} and ${isOneOf}`;
}

/** All conditions; true without any. */
export function isAll(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return sql`${sql.join([sql`true`, ...conditions], sql` and `)}`;
}

/** Any condition; false without any: an empty list of values matches nothing. */
export function isAny(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` or `)})`;
}

/**
 * Each keyword has its own LIKE. PostgreSQL may keep one plan for all keywords, and estimates that `like any` of an unknown
 * array matches so much that it reads the table. A keyword without a trigram must not use the index, all of which would be
 * read: that takes longer than reading the table.
 */
function hasKeyword(keywords: readonly string[]): RawBuilder<SqlBool> {
  const text = keywords.map(foldCase).every(hasTrigram) ? sql`search_text` : sql`(search_text || '')`;
  return isAny(keywords.map((keyword) => sql`${text} like ${toKeywordPattern(keyword)}`));
}

/** As pg_trgm finds trigrams: three letters in a row, or fewer beside a character that ends a word. */
function hasTrigram(keyword: string): boolean {
  return /[\p{L}\p{N}]{3}|[\p{L}\p{N}]{2}[^\p{L}\p{N}]|[^\p{L}\p{N}][\p{L}\p{N}]/u.test(keyword);
}

function toKeywordPattern(keyword: string): string {
  return `%${escapeLike(foldCase(keyword))}%`;
}

function toLabel(label: string): Record<string, string> {
  const colon = label.indexOf(":");
  return { [label.slice(0, colon)]: label.slice(colon + 1) };
}

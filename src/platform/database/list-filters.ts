import { type RawBuilder, type SqlBool, sql } from "kysely";
import { foldCase } from "../resource/fields.ts";
import { escapeLike, toJsonb } from "./sql.ts";

/** The filters that the lists of most objects share. Fields are ANDed, values of one field ORed. */
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

/** For a table with the columns `id`, `search_text`, `enable`, `labels`, `created` and `modified`. */
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
 * Whether a list is searched by what an index finds without an order of its own: by some of the common filters, or by one
 * of the `own` that is there.
 */
export function isSearch({ ids, keyword, label }: CommonFilters, ...own: readonly unknown[]): boolean {
  return [ids, keyword, label, ...own].some((values) => values !== undefined);
}

/**
 * One of these. All values but `common` are rare and have an index that leaves it out, which PostgreSQL takes only where the
 * statement says in so many words that it is none of them.
 */
export function isOneOfRare(column: string, common: string, values: readonly string[]): RawBuilder<SqlBool> {
  const isOneOf = sql<SqlBool>`${sql.ref(column)} = any(${values}::text[])`;
  return values.includes(common) ? isOneOf : sql`${sql.ref(column)} <> ${sql.lit(common)} and ${isOneOf}`;
}

/** True when there are none. */
export function isAll(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return sql`${sql.join([sql`true`, ...conditions], sql` and `)}`;
}

/** False when there are none, as a list of values that is there and empty finds nothing. */
export function isAny(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  return conditions.length === 0 ? sql`false` : sql`(${sql.join(conditions, sql` or `)})`;
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

function toKeywordPattern(keyword: string): string {
  return `%${escapeLike(foldCase(keyword))}%`;
}

function toLabel(label: string): Record<string, string> {
  const colon = label.indexOf(":");
  return { [label.slice(0, colon)]: label.slice(colon + 1) };
}

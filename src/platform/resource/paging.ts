import { getRefId } from "@asteasolutions/zod-to-openapi";
import { invalid } from "../failure.ts";
import { isUuid } from "../id.ts";
import type { Cursors, RowKey } from "./cursors.ts";
import { instantField } from "./fields.ts";
import { z } from "./schema.ts";

const defaultSize = 8;
const maxSize = 100;

/** Totals are counted up to here; beyond, `total` says this number and `total_exact` is false. */
export const maxExactTotal = 10_000;

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .pipe(z.int(error).min(min, error).max(max, error))
    .openapi({ type: "integer", minimum: min, maximum: max });
}

/** A query parameter that is true or false. */
export const booleanParameter = z
  .enum(["true", "false", "1", "0"], { error: "must be true, false, 1 or 0" })
  .transform((text) => text === "true" || text === "1")
  .openapi({ type: "boolean" });

/** An id as a query parameter, in lower case after parsing. */
export const idParameter = z
  .string()
  .refine(isUuid, "must be a UUID")
  .transform((id) => id.toLowerCase())
  .openapi({ type: "string", format: "uuid" });

/** An instant as a query parameter. */
export const timeParameter = instantField;

/** Texts, of which an object's name or description contains at least one, without regard to case. */
const keywordParameter = z.array(z.string().min(1, "must have at least one character").max(255)).max(10);

const labelParameter = z
  .string()
  .regex(/^[^:]+:[\s\S]*$/, "must be a label as name:value")
  .openapi({ example: "team:eu" });

/** A list of ids, which several lists can be filtered by. */
export const idsParameter = z.array(idParameter).max(100).optional().describe("Only objects with one of these ids.");

/** The filters that lists of objects share. `…_from` is included, `…_to` is not. */
export const objectFilters = {
  ids: idsParameter,
  keyword: keywordParameter
    .optional()
    .describe("Only objects with one of these texts in their name or description, without regard to case."),
  enable: z
    .array(booleanParameter)
    .max(2)
    .optional()
    .describe("Only enabled objects (true), or only disabled ones (false)."),
  label: z
    .array(labelParameter)
    .max(16)
    .optional()
    .describe("Only objects with one of these labels, each as `name:value`."),
  created_from: timeParameter.optional().describe("Only objects created at this time or later."),
  created_to: timeParameter.optional().describe("Only objects created before this time."),
  modified_from: timeParameter.optional().describe("Only objects last changed at this time or later."),
  modified_to: timeParameter.optional().describe("Only objects last changed before this time."),
};

/** The parameters of every list beside its filters. The list is ordered by `sorts[0]` unless `sortby` is given. */
export function pageParameters<const Sorts extends readonly [string, ...string[]]>(sorts: Sorts) {
  return {
    page: wholeNumber(0, 10_000_000)
      .optional()
      .describe("The page to read, from 0. Not together with `cursor`, which is faster for pages far behind."),
    size: wholeNumber(1, maxSize).default(defaultSize).openapi({
      type: "integer",
      minimum: 1,
      maximum: maxSize,
      default: defaultSize,
      description: "The largest number of objects on a page.",
    }),
    asc: booleanParameter
      .default(true)
      .openapi({ type: "boolean", default: true, description: "Whether the order is ascending; false: descending." }),
    sortby: z
      .enum(sorts)
      .default(sorts[0] as Sorts[number])
      .describe("The field that orders the list. Objects with the same value are in the order of their ids."),
    // A name of 255 characters is folded to at most 18 times as many (U+FDFA), about 11,500 characters of a cursor.
    cursor: z
      .string()
      .max(12_000)
      .optional()
      .describe(
        "The `next_cursor` of the page before, with the same filters and order: the page after it, even when objects were added or deleted meanwhile.",
      ),
  };
}

/** The parsed parameters of a list. */
export interface ListQuery<Sort extends string> {
  readonly page?: number | undefined;
  readonly size: number;
  readonly asc: boolean;
  readonly sortby: Sort;
  readonly cursor?: string | undefined;
}

/** Where a page begins: after a number of rows, or beyond the row with this sort value and id (null where no two tie). */
export type PageStart = { readonly by: "offset"; readonly offset: number } | ({ readonly by: "key" } & RowKey);

/** The rows of one page, as queries return them. */
export interface Page<Row> {
  /** At most `size` + 1 rows: the additional row shows that there is a next page. */
  readonly rows: readonly Row[];
  readonly total: number;
}

/** The body of every list: `StoragePage` for a list of the schema with the name `Storage`. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  const name = getRefId(item);
  const page = z.object({
    data: z.array(item).describe("The objects of this page, in the order of the list."),
    page: z
      .int()
      .openapi({ description: "The page as it was asked for; 0 for a page that a cursor names.", example: 0 }),
    size: z.int().openapi({ description: "The largest number of objects on a page, as it was asked for.", example: 8 }),
    total: z.int().openapi({ description: `Exact up to ${maxExactTotal}; see total_exact.` }),
    total_exact: z
      .boolean()
      .openapi({ description: `False when there are more than ${maxExactTotal}; total then says that number.` }),
    next_cursor: z.string().nullable().describe("Send it as `cursor` to read the next page. Null on the last page."),
  });
  return page.openapi(`${name}Page`, { description: `A page of a list of ${name} objects.` });
}

/**
 * Reads where the page begins.
 *
 * @throws VALIDATION_ERROR for a text that is no cursor, a cursor of another list, or a cursor beside `page`
 */
export function parsePageStart<Sort extends string>(query: ListQuery<Sort>, cursors: Cursors): PageStart {
  if (query.cursor === undefined) return { by: "offset", offset: (query.page ?? 0) * query.size };
  if (query.page !== undefined)
    throw invalid("/cursor", "takes the place of page: give only one of the two", "cursor_and_page");
  return { by: "key", ...cursors.open(query.cursor, pickBound(query)) };
}

/** Parameters of {@link pageParameters} that may change from page to page. */
const notBound: ReadonlySet<string> = new Set(["page", "size", "cursor"]);

/** All that selects and orders the rows of the list. */
function pickBound(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([name]) => !notBound.has(name)));
}

interface PageAnswerOptions<Row, Item, Sort extends string> {
  readonly query: ListQuery<Sort>;
  readonly url: URL;
  readonly cursors: Cursors;
  readonly page: Page<Row>;
  readonly toItem: (row: Row) => Item;
  /**
   * The row's sort value, as text that the database reads back unchanged, and its id; null where the order is unique by
   * itself.
   */
  readonly toKey: (row: Row) => RowKey;
}

/** Builds the answer of a list with its cursor and its `Link` header (RFC 8288). */
export function toPageAnswer<Row, Item, Sort extends string>(options: PageAnswerOptions<Row, Item, Sort>) {
  const { query, page, url, cursors } = options;
  const rows = page.rows.slice(0, query.size);
  const last = rows.at(-1);
  const hasNext = page.rows.length > query.size && last !== undefined;
  const key = hasNext ? options.toKey(last) : null;
  const nextCursor = key === null ? null : cursors.seal(key, pickBound(query));
  const body = {
    data: rows.map(options.toItem),
    page: query.page ?? 0,
    size: query.size,
    total: Math.min(page.total, maxExactTotal),
    total_exact: page.total <= maxExactTotal,
    next_cursor: nextCursor,
  };
  const link = toLink(url, query, nextCursor);
  return { status: 200, body, headers: link === null ? {} : { link } };
}

function toLink<Sort extends string>(url: URL, query: ListQuery<Sort>, nextCursor: string | null): string | null {
  const page = query.page ?? 0;
  const links: string[] = [];
  if (nextCursor !== null) {
    links.push(query.cursor === undefined ? toPageLink(url, page + 1, "next") : toCursorLink(url, nextCursor));
  }
  if (query.cursor === undefined && page > 0) links.push(toPageLink(url, page - 1, "prev"));
  return links.length === 0 ? null : links.join(", ");
}

function toPageLink(url: URL, page: number, relation: "next" | "prev"): string {
  const target = new URL(url);
  target.searchParams.set("page", String(page));
  return `<${target.pathname}${target.search}>; rel="${relation}"`;
}

function toCursorLink(url: URL, cursor: string): string {
  const target = new URL(url);
  target.searchParams.set("cursor", cursor);
  return `<${target.pathname}${target.search}>; rel="next"`;
}

import { type Expression, type ExpressionBuilder, type SqlBool, sql } from "kysely";
import { escapeLike, toJsonb } from "../platform/database/sql.ts";
import type { Database, Tables } from "../platform/database/tables.ts";
import { foldCase } from "../platform/http/fields.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/http/paging.ts";
import { type ScheduleRow, selectSchedules } from "./queries.ts";
import type { ListSchedules } from "./schedule-list-model.ts";

const sortColumns = {
  name: "s.name_key",
  enable: "s.enable",
  created: "s.created",
  modified: "s.modified",
  next_due_at: "s.next_due_at",
} as const;

type SortColumn = (typeof sortColumns)[keyof typeof sortColumns];

/** One page and the total, each in one statement. Every filter and every order stands on an index of its own. */
export async function listSchedules(db: Database, query: ListSchedules, start: PageStart): Promise<Page<ScheduleRow>> {
  const column = sortColumns[query.sortby];
  const direction = query.asc ? "asc" : "desc";
  const page = selectSchedules(db)
    .where((eb) => matches(eb, query))
    .$if(start.by === "key", (rows) => rows.where(isBeyond(column, query.asc, start)))
    .$if(start.by === "offset", (rows) => rows.offset(start.by === "offset" ? start.offset : 0))
    .orderBy(column, direction)
    // A name is unique by itself; a second column would only keep its index from serving the order.
    .$if(column !== "s.name_key", (rows) => rows.orderBy("s.id", direction))
    .limit(query.size + 1);
  const matching = db.selectFrom("ailbl_schedule as s").where((eb) => matches(eb, query));
  const counted = db
    .selectFrom(
      matching
        .select(sql`1`.as("one"))
        .limit(maxExactTotal + 1)
        .as("counted"),
    )
    .select((eb) => eb.fn.countAll<number>().as("total"));
  const [rows, { total }] = await Promise.all([page.execute(), counted.executeTakeFirstOrThrow()]);
  return { rows, total };
}

type ScheduleExpressions = ExpressionBuilder<Tables & { s: Tables["ailbl_schedule"] }, "s">;

function matches(eb: Pick<ScheduleExpressions, "and" | "or">, query: ListSchedules) {
  const conditions: Expression<SqlBool>[] = [sql<SqlBool>`true`];
  const add = (condition: Expression<SqlBool>) => conditions.push(condition);
  if (query.ids) add(sql`s.id = any(${query.ids}::uuid[])`);
  if (query.keyword) add(sql`s.search_text like any(${query.keyword.map(toKeywordPattern)}::text[])`);
  if (query.kind) add(sql`s.kind = any(${query.kind}::smallint[])`);
  if (query.enable) add(eb.or(query.enable.map((enable) => sql<SqlBool>`s.enable = ${enable}`)));
  if (query.storage_id) add(sql`s.storage_id = any(${query.storage_id}::uuid[])`);
  if (query.label) add(eb.or(query.label.map((label) => sql<SqlBool>`s.labels @> ${toJsonb(toLabel(label))}`)));
  if (query.due_before) add(sql`s.next_due_at < ${query.due_before}`);
  if (query.created_from) add(sql`s.created >= ${query.created_from}`);
  if (query.created_to) add(sql`s.created < ${query.created_to}`);
  if (query.modified_from) add(sql`s.modified >= ${query.modified_from}`);
  if (query.modified_to) add(sql`s.modified < ${query.modified_to}`);
  return eb.and(conditions);
}

function toKeywordPattern(keyword: string): string {
  return `%${escapeLike(foldCase(keyword))}%`;
}

function toLabel(label: string): Record<string, string> {
  const colon = label.indexOf(":");
  return { [label.slice(0, colon)]: label.slice(colon + 1) };
}

function isBeyond(column: SortColumn, asc: boolean, start: PageStart) {
  if (start.by === "offset") return sql<SqlBool>`true`;
  const sign = sql.raw(asc ? ">" : "<");
  if (column === "s.name_key") return sql<SqlBool>`s.name_key ${sign} ${start.value}`;
  const type = sql.raw(column === "s.enable" ? "boolean" : "timestamptz");
  return sql<SqlBool>`(${sql.ref(column)}, s.id) ${sign} (${start.value}::text::${type}, ${start.id}::uuid)`;
}

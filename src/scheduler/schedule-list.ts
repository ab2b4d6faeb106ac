import { type RawBuilder, type SqlBool, sql } from "kysely";
import { isAll, isAny } from "../platform/database/list-filters.ts";
import { escapeLike, toJsonb } from "../platform/database/sql.ts";
import type { Database } from "../platform/database/tables.ts";
import { foldCase } from "../platform/http/fields.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/http/paging.ts";
import type { ScheduleState } from "./model.ts";
import { type ScheduleRow, selectSchedules } from "./queries.ts";
import type { ListSchedules, ScheduleFilter } from "./schedule-list-model.ts";

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
    .where(toScheduleFilter(query))
    .$if(start.by === "key", (rows) => rows.where(isBeyond(column, query.asc, start)))
    .$if(start.by === "offset", (rows) => rows.offset(start.by === "offset" ? start.offset : 0))
    .orderBy(column, direction)
    // A name is unique by itself; a second column would only keep its index from serving the order.
    .$if(column !== "s.name_key", (rows) => rows.orderBy("s.id", direction))
    .limit(query.size + 1);
  const matching = db.selectFrom("ailbl_schedule as s").where(toScheduleFilter(query));
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

/** For statements that name the table `s`. */
export function toScheduleFilter(query: ScheduleFilter): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [];
  const add = (condition: RawBuilder<SqlBool>) => conditions.push(condition);
  if (query.ids) add(sql`s.id = any(${query.ids}::uuid[])`);
  if (query.keyword) add(sql`s.search_text like any(${query.keyword.map(toKeywordPattern)}::text[])`);
  if (query.kind) add(sql`s.kind = any(${query.kind}::smallint[])`);
  if (query.enable) add(isAny(query.enable.map((enable) => sql`s.enable = ${enable}`)));
  if (query.state) add(isAny(query.state.map((state) => isInState[state])));
  if (query.storage_id) add(sql`s.storage_id = any(${query.storage_id}::uuid[])`);
  if (query.label) add(isAny(query.label.map((label) => sql`s.labels @> ${toJsonb(toLabel(label))}`)));
  if (query.due_before) add(sql`s.next_due_at < ${query.due_before}`);
  if (query.created_from) add(sql`s.created >= ${query.created_from}`);
  if (query.created_to) add(sql`s.created < ${query.created_to}`);
  if (query.modified_from) add(sql`s.modified >= ${query.modified_from}`);
  if (query.modified_to) add(sql`s.modified < ${query.modified_to}`);
  return isAll(conditions);
}

/** As wire.ts tells it of one. */
const failed = sql`select schedule_id from ailbl_schedule_stats where consecutive_failures > 0`;
const disabledForIt = sql`select id from ailbl_schedule where not enable and disabled ->> 'reason' = 'failing'`;
const isInState: Readonly<Record<ScheduleState, RawBuilder<SqlBool>>> = {
  ok: sql`(s.enable and s.id not in (${failed}))`,
  // As one set, each half of which has an index: an OR of the two would have every schedule read.
  failing: sql`(s.id in (${failed} union all ${disabledForIt}) and (s.enable or s.disabled ->> 'reason' = 'failing'))`,
  disabled: sql`(not s.enable and s.disabled ->> 'reason' not in ('failing', 'over'))`,
  over: sql`(not s.enable and s.disabled ->> 'reason' = 'over')`,
};

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

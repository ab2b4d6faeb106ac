import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isAny, isSearch, listConditions } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListSchedules, ScheduleFilter } from "./filters.ts";
import type { ScheduleState } from "./model.ts";
import { type ScheduleRow, scheduleColumns, statsOfSchedule } from "./queries.ts";

const sortColumns = {
  name: { name: "name_key", type: "text", isUnique: true },
  enable: { name: "enable", type: "boolean" },
  created: { name: "created", type: "timestamptz" },
  modified: { name: "modified", type: "timestamptz" },
  next_due_at: { name: "next_due_at", type: "timestamptz" },
} as const satisfies Record<ListSchedules["sortby"], SortColumn>;

/** A page of schedules with their counters, and the total. */
export function listSchedules(db: Database, query: ListSchedules, start: PageStart): Promise<Page<ScheduleRow>> {
  return listRows<ScheduleRow>(db, {
    table: "ailbl_schedule",
    columns: scheduleColumns,
    joined: statsOfSchedule,
    sort: sortColumns[query.sortby],
    filter: toScheduleFilter(query),
    isSearch: isSearch(query, ...listSelectiveFilters(query)),
    query,
    start,
  });
}

/** The filters that an index answers. Not `due_before` in the order of `next_due_at`: its schedules are the first of that order. */
function listSelectiveFilters({ kind, state, storage_id, due_before, sortby }: ListSchedules): readonly unknown[] {
  return [kind, state, storage_id, sortby === "next_due_at" ? undefined : due_before];
}

/** For a statement on ailbl_schedule, with or without its counters. */
export function toScheduleFilter(query: ScheduleFilter): RawBuilder<SqlBool> {
  const conditions = listConditions(query);
  const add = (condition: RawBuilder<SqlBool>) => conditions.push(condition);
  if (query.kind) add(sql`kind = any(${query.kind}::smallint[])`);
  if (query.state) add(isAny(query.state.map((state) => isInState[state])));
  if (query.storage_id) add(sql`storage_id = any(${query.storage_id}::uuid[])`);
  if (query.due_before) add(sql`next_due_at < ${query.due_before}`);
  return isAll(conditions);
}

/** The same rule as toScheduleState in representation.ts. */
const failed = sql`select schedule_id from ailbl_schedule_stats where consecutive_failures > 0`;
const disabledForFailing = sql`select id from ailbl_schedule where not enable and disabled ->> 'reason' = 'failing'`;
const isInState: Readonly<Record<ScheduleState, RawBuilder<SqlBool>>> = {
  ok: sql`(enable and id not in (${failed}))`,
  // A union of two sets, each with an index: an OR of the two conditions would read every schedule.
  failing: sql`(id in (${failed} union all ${disabledForFailing}) and (enable or disabled ->> 'reason' = 'failing'))`,
  disabled: sql`(not enable and disabled ->> 'reason' not in ('failing', 'over'))`,
  over: sql`(not enable and disabled ->> 'reason' = 'over')`,
};

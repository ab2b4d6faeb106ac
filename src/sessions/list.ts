import { type RawBuilder, type SqlBool, sql } from "kysely";
import { listRows, type SortColumn } from "../platform/database/list.ts";
import { isAll, isOneOfRare } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Page, PageStart } from "../platform/resource/paging.ts";
import type { ListSessions, SessionFilter } from "./model.ts";
import { detailOfSession, type SessionRow, sessionColumns } from "./queries.ts";
import { isEnded, type SessionState, toPhase } from "./states.ts";

const sortColumns = {
  created: { name: "created", type: "timestamptz" },
  slot: { name: "slot", type: "timestamptz" },
} as const satisfies Record<ListSessions["sortby"], SortColumn>;

/**
 * Reads one page and the total. Every filter has an index in the order of `created`, so a list with filters is read in its order too
 * (`isSearch: false`).
 */
export function listSessions(db: Database, query: ListSessions, start: PageStart): Promise<Page<SessionRow>> {
  return listRows<SessionRow>(db, {
    table: "ailbl_session",
    columns: sessionColumns,
    joined: detailOfSession,
    sort: sortColumns[query.sortby],
    filter: toSessionFilter(query),
    isSearch: false,
    query,
    start,
  });
}

/** The condition of a filter, for statements over ailbl_session, alone or joined with its detail. */
export function toSessionFilter(query: SessionFilter): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [];
  if (query.ids) conditions.push(sql`id = any(${query.ids}::uuid[])`);
  if (query.schedule_id) conditions.push(sql`schedule_id = any(${query.schedule_id}::uuid[])`);
  if (query.backfill_id) conditions.push(sql`backfill_id = any(${query.backfill_id}::uuid[])`);
  if (query.state) conditions.push(toStateFilter(query.state));
  if (query.kind) conditions.push(sql`kind = any(${query.kind}::smallint[])`);
  if (query.created_by) conditions.push(isOneOfRare("created_by", "scheduler", query.created_by));
  if (query.slot_from) conditions.push(sql`slot >= ${query.slot_from}`);
  if (query.slot_to) conditions.push(sql`slot < ${query.slot_to}`);
  return isAll(conditions);
}

/**
 * The condition for states. Sessions that have not ended are in ailbl_open_session, and those that ended without success are in
 * the index on `unsuccessful`. Succeeded sessions are nearly all, so an index would not help.
 */
function toStateFilter(states: readonly SessionState[]): RawBuilder<SqlBool> {
  const isOneOf = sql<SqlBool>`state = any(${states}::text[])`;
  if (states.includes("succeeded")) return isOneOf;
  const phases = [...new Set(states.filter((state) => !isEnded(state)).map(toPhase))];
  const ends = states.filter(isEnded);
  const open = sql`select session_id from ailbl_open_session where phase = any(${phases}::text[])`;
  if (phases.length === 0) return sql`unsuccessful = any(${ends}::text[])`;
  if (ends.length === 0) return sql`id in (${open}) and ${isOneOf}`;
  return sql`id in (${open} union all select id from ailbl_session where unsuccessful = any(${ends}::text[])) and ${isOneOf}`;
}

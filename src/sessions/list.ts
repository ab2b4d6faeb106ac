import { type RawBuilder, type SqlBool, sql } from "kysely";
import { isAll, isOneOfRare } from "../platform/database/list-filters.ts";
import type { Database } from "../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../platform/resource/paging.ts";
import type { ListSessions, SessionFilter } from "./model.ts";
import { type SessionRow, selectSessions } from "./queries.ts";
import { isEnded, type SessionState, toPhase } from "./states.ts";

const sortColumns = { created: "s.created", slot: "s.slot" } as const;

/** One page and the total, each in one statement. Every filter and every order stands on an index of its own. */
export async function listSessions(db: Database, query: ListSessions, start: PageStart): Promise<Page<SessionRow>> {
  const column = sortColumns[query.sortby];
  const direction = query.asc ? "asc" : "desc";
  const page = selectSessions(db)
    .where(toSessionFilter(query))
    .$if(start.by === "key", (rows) => rows.where(isBeyond(column, query.asc, start)))
    .$if(start.by === "offset", (rows) => rows.offset(start.by === "offset" ? start.offset : 0))
    .orderBy(column, direction)
    .orderBy("s.id", direction)
    .limit(query.size + 1);
  const matching = db.selectFrom("ailbl_session as s").where(toSessionFilter(query));
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
export function toSessionFilter(query: SessionFilter): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [];
  if (query.ids) conditions.push(sql`s.id = any(${query.ids}::uuid[])`);
  if (query.schedule_id) conditions.push(sql`s.schedule_id = any(${query.schedule_id}::uuid[])`);
  if (query.backfill_id) conditions.push(sql`s.backfill_id = any(${query.backfill_id}::uuid[])`);
  if (query.state) conditions.push(toStateFilter(query.state));
  if (query.kind) conditions.push(sql`s.kind = any(${query.kind}::smallint[])`);
  if (query.created_by) conditions.push(isOneOfRare("s.created_by", "scheduler", query.created_by));
  if (query.slot_from) conditions.push(sql`s.slot >= ${query.slot_from}`);
  if (query.slot_to) conditions.push(sql`s.slot < ${query.slot_to}`);
  return isAll(conditions);
}

/** Those that have not ended and those that did not succeed are found by indexes; the others are nearly all there are. */
function toStateFilter(states: readonly SessionState[]): RawBuilder<SqlBool> {
  const isOneOf = sql<SqlBool>`s.state = any(${states}::text[])`;
  if (states.includes("succeeded")) return isOneOf;
  const phases = [...new Set(states.filter((state) => !isEnded(state)).map(toPhase))];
  const ends = states.filter(isEnded);
  const open = sql`select session_id from ailbl_open_session where phase = any(${phases}::text[])`;
  if (phases.length === 0) return sql`s.unsuccessful = any(${ends}::text[])`;
  if (ends.length === 0) return sql`s.id in (${open}) and ${isOneOf}`;
  return sql`s.id in (${open} union all select id from ailbl_session where unsuccessful = any(${ends}::text[])) and ${isOneOf}`;
}

function isBeyond(column: (typeof sortColumns)[keyof typeof sortColumns], asc: boolean, start: PageStart) {
  if (start.by === "offset") return sql<SqlBool>`true`;
  const sign = sql.raw(asc ? ">" : "<");
  return sql<SqlBool>`(${sql.ref(column)}, s.id) ${sign} (${start.value}::text::timestamptz, ${start.id}::uuid)`;
}

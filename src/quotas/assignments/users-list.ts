import { type RawBuilder, type SqlBool, sql } from "kysely";
import { toOffset } from "../../platform/database/list.ts";
import type { Database } from "../../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../../platform/resource/paging.ts";
import { quotaTypes } from "../quota-type.ts";
import { isPeriodOver } from "../standing/effective.ts";
import type { ListUsers } from "./model.ts";

/** Rows to collect before they are sorted: more rows than this belong to more users than are counted exactly. */
const maxCollectedRows = maxExactTotal * quotaTypes.length + 1;

/**
 * One page of the ids of users that have quotas, in their order, and the total.
 *
 * | query | read from |
 * | --- | --- |
 * | none, `exceeded` | an index in the order of users |
 * | `expiring_before`, few users | the index of expiry times, up to the greatest exact total; then sorted by user |
 * | `expiring_before`, more users | the index in the order of users, until the page is full |
 */
export async function listUserIds(db: Database, query: ListUsers, start: PageStart): Promise<Page<string>> {
  const { exceeded, expiring_before } = query;
  const rows = sql`select u.user_id from eom_user_quota as u where ${toFilter(query)}`;
  if (expiring_before === undefined || exceeded === true) return readPage(db, query, start, rows);
  const soonest = sql`${rows} order by u.expires_at, u.user_id limit ${maxCollectedRows}`;
  const page = await readPage(db, query, start, soonest);
  return page.total <= maxExactTotal ? page : readPage(db, query, start, rows);
}

/** On rows of eom_user_quota `u`. Each filter is about the user: one quota may be exceeded and another one expire. */
function toFilter({ exceeded, expiring_before: before }: ListUsers): RawBuilder<SqlBool> {
  const isSoon = before === undefined ? sql<SqlBool>`true` : sql<SqlBool>`u.expires_at < ${before}`;
  if (exceeded === undefined) return isSoon;
  if (!exceeded) return sql`${isSoon} and not ${hasExceeded}`;
  return before === undefined ? isExceeded : sql`${isExceeded} and ${expiresBefore(before)}`;
}

/** A subquery for each row, not a join: with a join, the planner would no longer read in the order of the index. */
const isExceeded = sql<SqlBool>`(
  u.threshold = 2 and not (select ${isPeriodOver} from eom_quota as q where q.id = u.quota_id))`;

/** Whether any row of the same user is exceeded. */
const hasExceeded = sql<SqlBool>`exists (
  select from (select u.user_id as other_id from eom_user_quota as u where ${isExceeded}) as other
  where other.other_id = u.user_id)`;

/**
 * Whether any row of the same user expires before the time. An aggregate over the user's rows: `exists` would let the
 * planner read the index of expiry times once for each user.
 */
function expiresBefore(before: Date): RawBuilder<SqlBool> {
  return sql`(
    select bool_or(other.expires_at < ${before}) from eom_user_quota as other where other.user_id = u.user_id)`;
}

/** @param rows (user_id), once for each quota that matches */
async function readPage(
  db: Database,
  { asc, size }: ListUsers,
  start: PageStart,
  rows: RawBuilder<unknown>,
): Promise<Page<string>> {
  const direction = sql.raw(asc ? "asc" : "desc");
  const sign = sql.raw(asc ? ">" : "<");
  const isBeyond = start.by === "offset" ? sql`true` : sql`matching.user_id ${sign} ${start.value}`;
  const { rows: read } = await sql<{ user_id: string | null; total: number }>`
    select page.user_id, counted.total
    from (
      select count(*) as total from (
        select distinct user_id from (${rows}) as matching order by user_id limit ${maxExactTotal + 1}) as matching) as counted
    left join (
      select distinct user_id from (${rows}) as matching where ${isBeyond}
      order by user_id ${direction} limit ${size + 1} offset ${toOffset(start)}) as page on true
    order by page.user_id ${direction}`.execute(db);
  const userIds = read.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]));
  return { rows: userIds, total: read[0]?.total ?? 0 };
}

import { type RawBuilder, type SqlBool, sql } from "kysely";
import { toOffset } from "../../platform/database/list.ts";
import type { Database } from "../../platform/database/tables.ts";
import { maxExactTotal, type Page, type PageStart } from "../../platform/resource/paging.ts";
import { type ListUsers, quotaTypes } from "../model.ts";
import { isPeriodOver } from "../standing/effective.ts";

export interface ListedUser {
  readonly user_id: string;
}

/** So many rows are of more users than are counted exactly. */
const maxCollectedRows = maxExactTotal * quotaTypes.length + 1;

/**
 * One page of the users that have quotas, by their id, and the total. The users, and those over a quota, are read in the
 * order of an index. Those whose quotas expire are found in another order, that of their times, so they are collected and
 * sorted, up to the greatest exact total; when there are more, all users are walked until the page is full.
 */
export async function listUsers(db: Database, query: ListUsers, start: PageStart): Promise<Page<ListedUser>> {
  const { exceeded, expiring_before } = query;
  const rows = sql`select u.user_id from eom_user_quota as u where ${toFilter(query)}`;
  if (expiring_before === undefined || exceeded === true) return readPage(db, query, start, rows);
  const soonest = sql`${rows} order by u.expires_at, u.user_id limit ${maxCollectedRows}`;
  const found = await readPage(db, query, start, soonest);
  return found.total <= maxExactTotal ? found : readPage(db, query, start, rows);
}

/** Of rows of eom_user_quota `u`, each filter about the user: one quota may be exceeded and another expire. */
function toFilter({ exceeded, expiring_before: before }: ListUsers): RawBuilder<SqlBool> {
  const isSoon = before === undefined ? sql<SqlBool>`true` : sql<SqlBool>`u.expires_at < ${before}`;
  if (exceeded === undefined) return isSoon;
  if (!exceeded) return sql`${isSoon} and not ${hasExceeded}`;
  return before === undefined ? isExceeded : sql`${isExceeded} and ${expiresBefore(before)}`;
}

/** The period is looked up for each row: joined, the quota would take the order of the index from the planner. */
const isExceeded = sql<SqlBool>`(
  u.threshold = 2 and not (select ${isPeriodOver} from eom_quota as q where q.id = u.quota_id))`;

/** Whether any row of the same user is exceeded. */
const hasExceeded = sql<SqlBool>`exists (
  select from (select u.user_id as other_id from eom_user_quota as u where ${isExceeded}) as other
  where other.other_id = u.user_id)`;

/** Of any row of the same user. As an aggregate, so that it goes by the user and not, anew for each, by the time. */
function expiresBefore(before: Date): RawBuilder<SqlBool> {
  return sql`(
    select bool_or(other.expires_at < ${before}) from eom_user_quota as other where other.user_id = u.user_id)`;
}

/** `rows` gives (user_id), a user as often as there are quotas that fulfil the filter. */
async function readPage(
  db: Database,
  { asc, size }: ListUsers,
  start: PageStart,
  rows: RawBuilder<unknown>,
): Promise<Page<ListedUser>> {
  const direction = sql.raw(asc ? "asc" : "desc");
  const sign = sql.raw(asc ? ">" : "<");
  const isBeyond = start.by === "offset" ? sql`true` : sql`found.user_id ${sign} ${start.value}`;
  const { rows: read } = await sql<{ user_id: string | null; total: number }>`
    select page.user_id, counted.total
    from (
      select count(*) as total from (
        select distinct user_id from (${rows}) as found order by user_id limit ${maxExactTotal + 1}) as found) as counted
    left join (
      select distinct user_id from (${rows}) as found where ${isBeyond}
      order by user_id ${direction} limit ${size + 1} offset ${toOffset(start)}) as page on true
    order by page.user_id ${direction}`.execute(db);
  const users = read.flatMap(({ user_id }) => (user_id === null ? [] : [{ user_id }]));
  return { rows: users, total: read[0]?.total ?? 0 };
}

import { sql } from "kysely";
import { isBeyond, toOffset, toOrder } from "../../platform/database/list.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { Page, PageStart } from "../../platform/resource/paging.ts";
import { quotaSortColumns, toQuotaFilter } from "../list.ts";
import type { ListQuotas } from "../model.ts";
import { type UserQuotaRow, userQuotaColumns } from "./queries.ts";

/** A row with the columns that the filters and orders of quotas name. */
export type ListedUserQuota = UserQuotaRow & { readonly name_key: string; readonly created: Date };

/**
 * One page of a user's quotas, and the total. A user has one quota of each type, so all are read, then filtered by the values
 * that apply to the user, and the page is cut in memory. `created` is the time of the assignment, to the millisecond as in
 * cursors.
 */
export async function listUserQuotas(
  db: Database,
  userId: string,
  query: ListQuotas,
  start: PageStart,
): Promise<Page<ListedUserQuota>> {
  const sort = quotaSortColumns[query.sortby];
  const { rows } = await sql<ListedUserQuota & { total: number; is_beyond: boolean }>`
    with listed as (
      select ${userQuotaColumns}, q.name_key, q.search_text, date_trunc('milliseconds', u.assigned) as created
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id where u.user_id = ${userId}),
    matching as (select * from listed where ${toQuotaFilter(query)})
    select matching.*, count(*) over () as total, ${isBeyond(sql.ref(sort.name), sort, query.asc, start)} as is_beyond
    from matching order by ${toOrder(sort, query.asc)}`.execute(db);
  const offset = toOffset(start);
  const page = rows.filter((row) => row.is_beyond).slice(offset, offset + query.size + 1);
  return { rows: page, total: rows[0]?.total ?? 0 };
}

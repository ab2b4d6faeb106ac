import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type Concerns, maxConcerns, maxCounted, toConcerns } from "../platform/resource/concerns.ts";
import type { QuotaType } from "./quota-type.ts";
import { effectiveLimit, isPeriodOver } from "./standing/effective.ts";

interface ExceededRow {
  readonly user_id: string;
  readonly type: QuotaType;
  readonly name: string;
  readonly used: number;
  readonly reserved: number;
  readonly limit: number | null;
  readonly total: number;
}

/** Users with nothing left of a quota, in the order of their ids. Reads the index eom_user_quota_exceeded. */
export async function findExceededUsers(db: Database): Promise<Concerns> {
  const { rows } = await sql<ExceededRow>`
    with exceeded as materialized (
      select u.user_id, u.type, q.name, u.used, u.reserved, ${effectiveLimit} as "limit"
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
      where u.threshold = 2 and not ${isPeriodOver} limit ${maxCounted})
    select exceeded.*, (select count(*) from exceeded) as total
    from exceeded order by user_id, type limit ${maxConcerns}`.execute(db);
  return toConcerns(rows, ({ user_id, type, name, used, reserved, limit }) => ({
    id: user_id,
    name,
    why: `${type}: ${used}${reserved === 0 ? "" : ` and ${reserved} reserved`} of ${limit ?? "unlimited"} used`,
    since: null,
  }));
}

import { type RawBuilder, sql } from "kysely";
import type { Expire } from "../model.ts";

/** What holds for a user, in statements that name eom_user_quota `u` and eom_quota `q`: the user's own, else the quota's. */

export const effectiveLimit = sql<number | null>`case when u.overrides_value then u.value else q.value end`;

export const effectiveExpire = sql<Expire>`coalesce(u.expire, q.expire)`;

export const effectiveEnable = sql<boolean>`coalesce(u.enable, q.enable)`;

/** The period that the calendar is in has begun after the level's: what was used counts no longer. */
export const isPeriodOver = sql<boolean>`coalesce(eom_period_start(${effectiveExpire}, now()) > u.period_start, false)`;

/** What is used and held in the period that the calendar is in, without what reservations hold whose time is over. */
export const usedNow = sql<number>`case when ${isPeriodOver} then 0 else u.used end`;

export const reservedNow = sql<number>`case when ${isPeriodOver} then 0 else greatest(0, u.reserved - coalesce((
  select sum(r.amount) from eom_quota_reservation as r
  where r.user_id = u.user_id and r.state = 'open' and r.expires_at <= now()
    and r.type = u.type and r.period_start = u.period_start), 0)::bigint) end`;

export const resetsAt = sql<Date | null>`eom_period_end(${effectiveExpire}, now())`;

/** No level goes beyond it: they are exact in JSON. */
export const greatestLevel = sql.raw(String(Number.MAX_SAFE_INTEGER));

/** Which threshold a level stands at: 2 nothing remains, 1 it reaches the warning share of the limit, 0 neither, or no limit. */
export function toThreshold(
  level: RawBuilder<unknown>,
  limit: RawBuilder<unknown>,
  warningPercent: number,
): RawBuilder<0 | 1 | 2> {
  return sql<0 | 1 | 2>`(case
    when ${limit} is null then 0
    when ${level} >= greatest(${limit}, 1) then 2
    when ${level} > 0 and ${level} * 100 >= ${limit} * ${warningPercent}::int then 1
    else 0 end)::smallint`;
}

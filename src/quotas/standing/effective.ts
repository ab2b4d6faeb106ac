import { type RawBuilder, sql } from "kysely";
import type { Expire } from "../expire.ts";

/*
 * What applies to a user: the user's own value, else the quota's. The fragments are for statements that name
 * eom_user_quota `u` and eom_quota `q`.
 */

/** The limit; null is unlimited. */
export const effectiveLimit = sql<number | null>`case when u.overrides_value then u.value else q.value end`;

/** The rule of expiry. */
export const effectiveExpire = sql<Expire>`coalesce(u.expire, q.expire)`;

/** Whether the quota is enabled. */
export const effectiveEnable = sql<boolean>`coalesce(u.enable, q.enable)`;

/**
 * Whether the level belongs to an earlier period: the calendar period of now began after the level's. Then nothing is used
 * any more, even though the row still has the old numbers. False for rules without periods.
 */
export const isPeriodOver = sql<boolean>`coalesce(eom_period_start(${effectiveExpire}, now()) > u.period_start, false)`;

/** Used in the calendar period of now. */
export const usedNow = sql<number>`case when ${isPeriodOver} then 0 else u.used end`;

/** Reserved in the calendar period of now, without reservations that have expired and that no sweep has closed yet. */
export const reservedNow = sql<number>`case when ${isPeriodOver} then 0 else greatest(0, u.reserved - coalesce((
  select sum(r.amount) from eom_quota_reservation as r
  where r.user_id = u.user_id and r.state = 'open' and r.expires_at <= now()
    and r.type = u.type and r.period_start = u.period_start), 0)::bigint) end`;

/** When the calendar period of now ends; null for rules without periods. */
export const resetsAt = sql<Date | null>`eom_period_end(${effectiveExpire}, now())`;

/** The greatest level, 2^53-1: JSON numbers are exact up to here. */
export const greatestLevel = sql.raw(String(Number.MAX_SAFE_INTEGER));

/**
 * The threshold that a level has reached: 2 nothing remains, 1 the warning share of the limit, 0 neither, or no limit.
 * `toState` in usage.ts has the same rule.
 */
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

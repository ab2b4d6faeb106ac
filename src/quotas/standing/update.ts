import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import { effectiveExpire, effectiveLimit, isPeriodOver, toThreshold } from "./effective.ts";
import { insertThresholdEvents } from "./threshold-events.ts";

/*
 * eom_user_quota stores two results of the quota's rules, for lists and events: the threshold that the level has reached and
 * the time at which the quota expires. These statements write them again after a limit or a rule has changed. They change
 * only rows that differ, by the rules of the moment in which they run, so any process may run them again at any time.
 */

const level = sql<number>`(case when ${isPeriodOver} then 0 else u.used + u.reserved end)`;

/**
 * Stores the threshold that each level has reached now, and inserts an event for each threshold that was crossed upward.
 *
 * @param mayDiffer the condition of the rows to compare, on eom_user_quota as `u`
 */
export async function updateThresholds(
  db: Database,
  mayDiffer: RawBuilder<SqlBool>,
  warningPercent: number,
): Promise<void> {
  const threshold = toThreshold(level, effectiveLimit, warningPercent);
  // Rows are locked in the order of (user, type), as in every statement that locks several, so that none deadlock.
  await sql`
    with differing as (
      select u.user_id, u.type, u.threshold as before, ${threshold} as after, ${effectiveLimit} as limit_value
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
      where ${mayDiffer} and u.threshold <> ${threshold}
      order by u.user_id, u.type for no key update of u),
    written as (
      update eom_user_quota as u set threshold = differing.after
      from differing where u.user_id = differing.user_id and u.type = differing.type
      returning u.user_id, u.quota_id, u.type, differing.limit_value, u.used, u.reserved, differing.before, differing.after)
    ${insertThresholdEvents(sql`select * from written`)}`.execute(db);
}

/**
 * Stores when each user's quota expires by the rule that applies now. If the new time is in the future, the sweep reports
 * the expiry (again) once it is reached.
 *
 * @param mayDiffer as in {@link updateThresholds}
 */
export async function updateExpiries(db: Database, mayDiffer: RawBuilder<SqlBool>): Promise<void> {
  const expiresAt = sql<Date | null>`eom_expires_at(${effectiveExpire}, u.assigned)`;
  await sql`
    with differing as (
      select u.user_id, u.type, ${expiresAt} as expires_at
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
      where ${mayDiffer} and u.expires_at is distinct from ${expiresAt}
      order by u.user_id for no key update of u)
    update eom_user_quota as u set expires_at = differing.expires_at,
      expiry_told = u.expiry_told and coalesce(differing.expires_at <= now(), false)
    from differing where u.user_id = differing.user_id and u.type = differing.type`.execute(db);
}

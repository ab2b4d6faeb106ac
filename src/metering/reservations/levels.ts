import { type RawBuilder, sql } from "kysely";
import { effectiveLimit, greatestLevel, toThreshold } from "../../quotas/standing/effective.ts";

/*
 * How closing reservations changes the levels, whether they are committed, released or expire. Both steps are CTEs of one
 * statement; the first is named `level`.
 */

/**
 * Locks the levels of the reservations' own period. A level of a later period contains nothing of the reservation and stays as
 * it is.
 *
 * @param closing (user_id, type, period_start, amount, committed) of the reservations, one row for each level
 */
export function lockLevels(closing: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select u.user_id, u.type, u.used, u.reserved, c.amount, coalesce(c.committed, 0) as committed,
      ${effectiveLimit} as limit_value
    from ${closing} as c
    join eom_user_quota as u on u.user_id = c.user_id and u.type = c.type and u.period_start = c.period_start
    join eom_quota as q on q.id = u.quota_id
    order by u.user_id, u.type
    for update of u`;
}

/** Writes the levels without the reservations, and with the committed amounts. Levels only fall here, and so do thresholds. */
export function updateLevels(warningPercent: number): RawBuilder<unknown> {
  const threshold = toThreshold(
    sql`(l.used + l.committed + l.reserved - l.amount)`,
    sql`l.limit_value`,
    warningPercent,
  );
  return sql`
    update eom_user_quota as u
    set used = least(${greatestLevel}, l.used + l.committed), reserved = greatest(0, l.reserved - l.amount),
      threshold = least(u.threshold, ${threshold})
    from level as l where u.user_id = l.user_id and u.type = l.type`;
}

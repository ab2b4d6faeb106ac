import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import { effectiveExpire, effectiveLimit, isPeriodOver, toThreshold } from "./effective.ts";
import { insertThresholdEvents } from "./threshold-events.ts";

/*
 * What follows for users when a limit or a rule changes: statements over many of them, which write only the rows that
 * differ, by what the quota says when they run. So they may be run again at any time, by anybody.
 */

/** So that a transaction holds rows for a second or so, and ends long before the time limits of server and pool. */
export const usersAtOnce = 20_000;

/** Goes over all users of a quota in their order: `write` is given which rows, of eom_user_quota as `u`, are next. */
export async function forAllUsers(
  db: Database,
  quotaId: string,
  write: (isNext: RawBuilder<SqlBool>) => Promise<void>,
): Promise<void> {
  for (let after = ""; ; ) {
    const last = await findLastOf(db, quotaId, after);
    const isBeyond = sql<SqlBool>`${isOfQuota(quotaId)} and u.user_id > ${after}`;
    if (last === null) return write(isBeyond);
    await write(sql`${isBeyond} and u.user_id <= ${last}`);
    after = last;
  }
}

/** Of which rows of eom_user_quota, as `u`, the quota is. */
export function isOfQuota(quotaId: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`u.quota_id = ${quotaId}`;
}

/** The user at whom a portion ends; null when it is the last one. */
async function findLastOf(db: Database, quotaId: string, after: string): Promise<string | null> {
  const row = await db
    .selectFrom("eom_user_quota")
    .select("user_id")
    .where("quota_id", "=", quotaId)
    .where("user_id", ">", after)
    .orderBy("user_id")
    .offset(usersAtOnce - 1)
    .limit(1)
    .executeTakeFirst();
  return row?.user_id ?? null;
}

const level = sql<number>`(case when ${isPeriodOver} then 0 else u.used + u.reserved end)`;

/**
 * Writes the threshold that each level now stands at, with an event for every one that was crossed upward. Rows are locked
 * by user before they are written, in the order of all who lock several.
 *
 * @param reached which rows (of eom_user_quota, as `u`) may differ
 */
export async function updateThresholds(
  db: Database,
  reached: RawBuilder<SqlBool>,
  warningPercent: number,
): Promise<void> {
  const threshold = toThreshold(level, effectiveLimit, warningPercent);
  await sql`
    with found as (
      select u.user_id, u.type, u.threshold as before, ${threshold} as after, ${effectiveLimit} as limit_value
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
      where ${reached} and u.threshold <> ${threshold}
      order by u.user_id, u.type for no key update of u),
    written as (
      update eom_user_quota as u set threshold = found.after
      from found where u.user_id = found.user_id and u.type = found.type
      returning u.user_id, u.quota_id, u.type, found.limit_value, u.used, u.reserved, found.before, found.after)
    ${insertThresholdEvents(sql`select * from written`)}`.execute(db);
}

/**
 * Writes when each user's quota is over by the rule that now holds; one that is not over will be told when it is.
 *
 * @param reached as in {@link updateThresholds}
 */
export async function updateExpiries(db: Database, reached: RawBuilder<SqlBool>): Promise<void> {
  const expiresAt = sql<Date | null>`eom_expires_at(${effectiveExpire}, u.assigned)`;
  await sql`
    with found as (
      select u.user_id, u.type, ${expiresAt} as expires_at
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
      where ${reached} and u.expires_at is distinct from ${expiresAt}
      order by u.user_id for no key update of u)
    update eom_user_quota as u set expires_at = found.expires_at,
      expiry_told = u.expiry_told and coalesce(found.expires_at <= now(), false)
    from found where u.user_id = found.user_id and u.type = found.type`.execute(db);
}

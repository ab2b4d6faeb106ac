import { type RawBuilder, type SqlBool, sql } from "kysely";
import { requireAdvance } from "../../platform/database/keyset.ts";
import type { Database } from "../../platform/database/tables.ts";

/** Users per transaction: rows stay locked for about a second, far below the time limits of server and pool. */
export const maxUsersAtOnce = 20_000;

/**
 * Calls `write` for each portion of a quota's users, in the order of their ids.
 *
 * @param write gets the condition of the portion's rows, on eom_user_quota as `u`
 */
export async function forAllUsers(
  db: Database,
  quotaId: string,
  write: (isInPortion: RawBuilder<SqlBool>) => Promise<void>,
): Promise<void> {
  for (let after = ""; ; ) {
    const last = await findLastOfPortion(db, quotaId, after);
    const isBeyond = sql<SqlBool>`${isOfQuota(quotaId)} and u.user_id > ${after}`;
    if (last === null) return write(isBeyond);
    requireAdvance(after, last);
    await write(sql`${isBeyond} and u.user_id <= ${last}`);
    after = last;
  }
}

/** The condition of the quota's users, on eom_user_quota as `u`. */
export function isOfQuota(quotaId: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`u.quota_id = ${quotaId}`;
}

/** The last user of the portion after `after`; null in the last portion. */
async function findLastOfPortion(db: Database, quotaId: string, after: string): Promise<string | null> {
  const row = await db
    .selectFrom("eom_user_quota")
    .select("user_id")
    .where("quota_id", "=", quotaId)
    .where("user_id", ">", after)
    .orderBy("user_id")
    .offset(maxUsersAtOnce - 1)
    .limit(1)
    .executeTakeFirst();
  return row?.user_id ?? null;
}

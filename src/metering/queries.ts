import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { QuotaType } from "../quotas/quota-type.ts";
import { effectiveEnable, effectiveLimit, reservedNow, resetsAt, usedNow } from "../quotas/standing/effective.ts";

/** Where a user stands with one quota. */
export interface LevelRow {
  readonly type: QuotaType;
  readonly quota_id: string;
  /** Null is unlimited. */
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly resets_at: Date | null;
  readonly enable: boolean;
  readonly is_expired: boolean;
}

/** A user's levels now, by type, without reservations that have expired. Locks and writes nothing. */
export async function listLevels(db: Database, userId: string): Promise<LevelRow[]> {
  const { rows } = await sql<LevelRow>`
    select u.type, u.quota_id, ${effectiveLimit} as limit,
      ${usedNow} as used, ${reservedNow} as reserved,
      ${resetsAt} as resets_at, ${effectiveEnable} as enable, coalesce(u.expires_at <= now(), false) as is_expired
    from eom_user_quota as u join eom_quota as q on q.id = u.quota_id
    where u.user_id = ${userId}
    order by u.type`.execute(db);
  return rows;
}

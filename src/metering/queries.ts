import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { QuotaType } from "../quotas/model.ts";
import { effectiveEnable, effectiveLimit, reservedNow, resetsAt, usedNow } from "../quotas/standing/effective.ts";
import type { ReservationState } from "./tables.ts";

export interface LevelRow {
  readonly type: QuotaType;
  readonly quota_id: string;
  readonly limit: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly resets_at: Date | null;
  readonly enable: boolean;
  readonly is_expired: boolean;
}

/** Where a user stands now, by type: without what reservations hold whose time is over. Changes nothing. */
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

export interface ReservationRow {
  readonly type: QuotaType;
  readonly amount: number;
  readonly committed: number | null;
  readonly state: ReservationState;
  readonly expires_at: Date;
  readonly created: Date;
  readonly closed: Date | null;
}

/** The types of a reservation, or nothing. One whose time is over is expired, whether a sweep has seen it or not. */
export async function listReservationTypes(db: Database, userId: string, id: string): Promise<ReservationRow[]> {
  const { rows } = await sql<ReservationRow>`
    select type, amount, committed, expires_at, created, closed,
      case when state = 'open' and expires_at <= now() then 'expired' else state end as state
    from eom_quota_reservation where id = ${id}::uuid and user_id = ${userId} order by type`.execute(db);
  return rows;
}

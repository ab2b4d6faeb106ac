import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { QuotaType } from "../../quotas/quota-type.ts";
import type { ReservationState } from "../tables.ts";

/** One type of a reservation. */
export interface ReservationRow {
  readonly type: QuotaType;
  readonly amount: number;
  /** Null unless the state is committed. */
  readonly committed: number | null;
  readonly state: ReservationState;
  readonly expires_at: Date;
  readonly created: Date;
  readonly closed: Date | null;
}

/** The types of a user's reservation, none if there is no such reservation. Past its time it is expired, swept or not. */
export async function listReservationTypes(db: Database, userId: string, id: string): Promise<ReservationRow[]> {
  const { rows } = await sql<ReservationRow>`
    select type, amount, committed, expires_at, created, closed,
      case when state = 'open' and expires_at <= now() then 'expired' else state end as state
    from eom_quota_reservation where id = ${id}::uuid and user_id = ${userId} order by type`.execute(db);
  return rows;
}

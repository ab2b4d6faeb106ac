import { sql } from "kysely";
import { requireAdvance } from "../../platform/database/keyset.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { QuotaType } from "../../quotas/quota-type.ts";

/** A user's quota whose level is not the sum of its ledger. */
export interface Drift {
  readonly user_id: string;
  readonly type: QuotaType;
  readonly used: number;
  readonly reserved: number;
  readonly ledger_used: number;
  readonly ledger_reserved: number;
}

/** The key of a user's quota; levels are checked in its order. */
export interface DriftCursor {
  readonly user_id: string;
  readonly type: string;
}

/** The levels that one statement has checked. */
export interface Slice {
  readonly drifts: readonly Drift[];
  readonly checked: number;
  /** The last level of the slice; null after the last level of all. */
  readonly next: DriftCursor | null;
}

/**
 * How much earlier than its period's start an entry may be. An entry has the start of its transaction as its time, to the
 * millisecond, and the clock may have jumped back. The condition on the time lets PostgreSQL skip the ledger's older months.
 */
const margin = sql`interval '1 day'`;

/** The sums of the ledger of eom_user_quota `u`, in the period of its level. */
export const ledgerSums = sql`
  select coalesce(sum(l.amount), 0)::bigint as used, coalesce(sum(l.held), 0)::bigint as reserved
  from eom_quota_ledger as l
  where l.user_id = u.user_id and l.type = u.type and l.period_start = u.period_start
    and l.created >= u.period_start - ${margin}`;

/** A text in the order of the keys: no user's id has a NUL. */
function toKey({ user_id, type }: DriftCursor): string {
  return `${user_id}\0${type}`;
}

/** Adds up the ledgers of the next `limit` levels. Level and ledger are read as of the same moment. */
export async function findDrift(db: Database, after: DriftCursor | null, limit: number): Promise<Slice> {
  const { rows } = await sql<Drift>`
    select u.user_id, u.type, u.used, u.reserved, ledger.used as ledger_used, ledger.reserved as ledger_reserved
    from (
      select user_id, type, used, reserved, period_start from eom_user_quota
      where (user_id, type) > (${after?.user_id ?? ""}, ${after?.type ?? ""})
      order by user_id, type limit ${limit}) as u
    cross join lateral (${ledgerSums}) as ledger
    order by u.user_id, u.type`.execute(db);
  const last = rows.at(-1);
  if (after !== null && last !== undefined) requireAdvance(toKey(after), toKey(last));
  const drifts = rows.filter((row) => row.used !== row.ledger_used || row.reserved !== row.ledger_reserved);
  return { drifts, checked: rows.length, next: rows.length < limit || last === undefined ? null : last };
}

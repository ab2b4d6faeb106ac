import { sql } from "kysely";
import { type Actor, recordAudit } from "../../platform/audit/record.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import type { QuotaType } from "../../quotas/model.ts";
import { effectiveLimit, toThreshold } from "../../quotas/standing/effective.ts";

/** A user's quota whose level is not what its ledger adds up to. */
export interface Drift {
  readonly user_id: string;
  readonly type: QuotaType;
  readonly used: number;
  readonly reserved: number;
  readonly ledger_used: number;
  readonly ledger_reserved: number;
}

/** The key of a user's quota, in the order in which they are looked at. */
export interface DriftCursor {
  readonly user_id: string;
  readonly type: string;
}

interface Slice {
  readonly drifts: readonly Drift[];
  readonly checked: number;
  /** Null after the last. */
  readonly next: DriftCursor | null;
}

/** Entries bear the time of their transaction's start, to the millisecond, and a period may begin after it by a leap of the clock. */
const margin = sql`interval '1 day'`;

const sums = sql`
  select coalesce(sum(l.amount), 0)::bigint as used, coalesce(sum(l.held), 0)::bigint as reserved
  from eom_quota_ledger as l
  where l.user_id = u.user_id and l.type = u.type and l.period_start = u.period_start
    and l.created >= u.period_start - ${margin}`;

/** Adds up the ledgers of the next `limit` users' quotas: level and ledger as they were at one moment. */
export async function findDrift(db: Database, after: DriftCursor | null, limit: number): Promise<Slice> {
  const { rows } = await sql<Drift>`
    select u.user_id, u.type, u.used, u.reserved, ledger.used as ledger_used, ledger.reserved as ledger_reserved
    from (
      select user_id, type, used, reserved, period_start from eom_user_quota
      where (user_id, type) > (${after?.user_id ?? ""}, ${after?.type ?? ""})
      order by user_id, type limit ${limit}) as u
    cross join lateral (${sums}) as ledger
    order by u.user_id, u.type`.execute(db);
  const last = rows.at(-1);
  const drifts = rows.filter((row) => row.used !== row.ledger_used || row.reserved !== row.ledger_reserved);
  return { drifts, checked: rows.length, next: rows.length < limit || last === undefined ? null : last };
}

const sliceSize = 1000;

export type Reconciler = ReturnType<typeof createReconciler>;

/** For a person who re-adds every ledger. */
export function createReconciler(db: Database, warningPercent: number) {
  /** Of all users, slice by slice; `onChecked` is told how many were looked at. */
  async function* listDrifts(onChecked: (count: number) => void): AsyncGenerator<Drift> {
    let after: DriftCursor | null = null;
    do {
      const slice: Slice = await findDrift(db, after, sliceSize);
      onChecked(slice.checked);
      yield* slice.drifts;
      after = slice.next;
    } while (after !== null);
  }
  return { listDrifts, mend: (drift: DriftCursor, actor: Actor) => mendDrift(db, drift, actor, warningPercent) };
}

/**
 * Writes what the ledger adds up to as the level, if they still differ, and tells the audit trail.
 *
 * @returns whether there was something to mend
 */
function mendDrift(
  db: Database,
  { user_id, type }: DriftCursor,
  actor: Actor,
  warningPercent: number,
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    // Added up by a statement of its own: one that waits for the lock sees the ledger as it was before.
    await sql`select from eom_user_quota where user_id = ${user_id} and type = ${type} for update`.execute(tx);
    const mended = await writeSums(tx, { user_id, type }, warningPercent);
    if (mended === undefined) return false;
    const { before, after } = mended;
    const objectId = `${user_id}/${type}`;
    await recordAudit(tx, { actor, action: "user_quota.reconcile", kind: "user_quota", objectId, before, after });
    return true;
  });
}

async function writeSums(tx: DatabaseTransaction, { user_id, type }: DriftCursor, warningPercent: number) {
  const threshold = toThreshold(sql`(ledger.used + ledger.reserved)`, effectiveLimit, warningPercent);
  const { rows } = await sql<{ before: unknown; after: unknown }>`
    with found as (
      select u.user_id, u.type, u.used as old_used, u.reserved as old_reserved, ledger.used, ledger.reserved,
        ${threshold} as threshold
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id cross join lateral (${sums}) as ledger
      where u.user_id = ${user_id} and u.type = ${type} and (u.used, u.reserved) <> (ledger.used, ledger.reserved))
    update eom_user_quota as u set used = found.used, reserved = found.reserved, threshold = found.threshold
    from found where u.user_id = found.user_id and u.type = found.type
    returning jsonb_build_object('used', found.old_used, 'reserved', found.old_reserved) as before,
      jsonb_build_object('used', found.used, 'reserved', found.reserved) as after`.execute(tx);
  return rows[0];
}

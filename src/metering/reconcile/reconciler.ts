import { sql } from "kysely";
import { type Actor, recordAudit } from "../../platform/audit/record.ts";
import type { Database, DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { effectiveLimit, toThreshold } from "../../quotas/standing/effective.ts";
import { type Drift, type DriftCursor, findDrift, ledgerSums, type Slice } from "./drift.ts";

const sliceSize = 1000;

/** Compares levels with their ledgers, and corrects them; see {@link createReconciler}. */
export type Reconciler = ReturnType<typeof createReconciler>;

/** The work of `eom quota reconcile`. @param warningPercent the share of a limit from which a level is in warning */
export function createReconciler(db: Database, warningPercent: number) {
  /** The drift of all users. @param onChecked gets the number of levels in each slice, before its drift is returned */
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
 * Writes the sum of the ledger as the level, if they still differ, and an entry in the audit trail.
 *
 * @returns whether they still differed
 */
function mendDrift(
  db: Database,
  { user_id, type }: DriftCursor,
  actor: Actor,
  warningPercent: number,
): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    // The sum in a statement after the lock: the statement that waits for the lock sees the ledger as of its own start.
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
    with drifted as (
      select u.user_id, u.type, u.used as old_used, u.reserved as old_reserved, ledger.used, ledger.reserved,
        ${threshold} as threshold
      from eom_user_quota as u join eom_quota as q on q.id = u.quota_id cross join lateral (${ledgerSums}) as ledger
      where u.user_id = ${user_id} and u.type = ${type} and (u.used, u.reserved) <> (ledger.used, ledger.reserved))
    update eom_user_quota as u set used = drifted.used, reserved = drifted.reserved, threshold = drifted.threshold
    from drifted where u.user_id = drifted.user_id and u.type = drifted.type
    returning jsonb_build_object('used', drifted.old_used, 'reserved', drifted.old_reserved) as before,
      jsonb_build_object('used', drifted.used, 'reserved', drifted.reserved) as after`.execute(tx);
  return rows[0];
}

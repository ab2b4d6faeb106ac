import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";

/** The time to write a secret and point to it, far beyond the slowest request. After it the sweeper may take the reference. */
const writingSeconds = 15 * 60;

/** A writer that was suspended may write after the sweep, so its reference is swept once more, after a day. */
const secondSweepSeconds = 24 * 3600;

/** Announces that a secret is about to be written under `ref`. Commit it before the write. */
export async function insertIntent(db: Database, ref: string, ownerId: string): Promise<void> {
  await sql`insert into eom_secret_intent (ref, owner_id, writing, not_before)
    values (${ref}, ${ownerId}, true, now() + make_interval(secs => ${writingSeconds}))`.execute(db);
}

/**
 * Ends an intent in the transaction that points to its reference.
 *
 * @returns false when the sweeper has taken the reference: no owner may point to it any more
 */
export async function deleteIntent(tx: DatabaseTransaction, ref: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("eom_secret_intent")
    .where("ref", "=", ref)
    .where("swept", "=", false)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Leaves a reference that its owner no longer points to to the sweeper, after `graceSeconds`. */
export async function insertAbandoned(tx: DatabaseTransaction, ref: string, ownerId: string, graceSeconds: number) {
  await sql`insert into eom_secret_intent (ref, owner_id, writing, not_before)
    values (${ref}, ${ownerId}, false, now() + make_interval(secs => ${graceSeconds}))`.execute(tx);
}

/** Makes an intent due now, unless the sweeper has taken it. */
export async function hastenIntent(db: Database, ref: string): Promise<void> {
  await sql`update eom_secret_intent set not_before = now() where ref = ${ref} and not swept`.execute(db);
}

/**
 * Takes due references for the sweeper: no owner can point to them from now on. Each comes due again after 30 s, and after
 * every further attempt twice as late, up to an hour, so that a crash of the sweeper or an outage of the store only delays
 * the removal.
 */
export async function claimDueIntents(db: Database, limit: number): Promise<string[]> {
  const { rows } = await sql<{ ref: string }>`
    with due as (
      select ref from eom_secret_intent where not_before <= now()
      order by not_before limit ${limit} for update skip locked)
    update eom_secret_intent as i
    set swept = true, attempts = i.attempts + 1,
      not_before = now() + make_interval(secs => least(30 * power(2, least(i.attempts, 10)), 3600))
    from due where due.ref = i.ref
    returning i.ref`.execute(db);
  return rows.map((row) => row.ref);
}

/** Ends the intent of a removed secret. If its writer never finished, the intent comes due once more, after a day. */
export async function finishIntent(db: Database, ref: string): Promise<void> {
  await sql`
    with second_sweep as (
      update eom_secret_intent set writing = false, attempts = 0, not_before = now() + make_interval(secs => ${secondSweepSeconds})
      where ref = ${ref} and writing returning ref)
    delete from eom_secret_intent where ref = ${ref} and not writing and not exists (select from second_sweep)`.execute(
    db,
  );
}

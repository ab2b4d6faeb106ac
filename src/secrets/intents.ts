import { sql } from "kysely";
import type { Database, DatabaseTransaction } from "../platform/database/tables.ts";

/*
 * A secret lies in the secret store, its owner (a storage or a webhook) in the database, and no transaction spans both. So:
 *
 *   write      intent(ref) ──► secret store: create(ref) ──► one transaction: intent goes, owner points to ref
 *   replace    the same, and in that transaction the old ref becomes an intent, due after a grace
 *   delete     one transaction: owner goes, its ref becomes an intent, due now
 *   sweep      due intent: mark it swept ──► secret store: delete(ref) ──► intent goes
 *
 * Killed between any two arrows, either the owner points to a secret that is there, or an intent names one that nobody
 * points to. A reference is used once, so a swept one never comes back.
 */

/** Far beyond the slowest request; after it the sweeper owns the reference. */
const writingSeconds = 15 * 60;

/** A writer that slept through its time may still write after the sweep: swept again, once, after a day. */
const secondSweepSeconds = 24 * 3600;

/** Says, before it happens, that a secret is about to be written under `ref`. */
export async function insertIntent(db: Database, ref: string, ownerId: string): Promise<void> {
  await sql`insert into eom_secret_intent (ref, owner_id, writing, not_before)
    values (${ref}, ${ownerId}, true, now() + make_interval(secs => ${writingSeconds}))`.execute(db);
}

/** @returns false when the sweeper has taken the reference: no owner may point to it any more */
export async function deleteIntent(tx: DatabaseTransaction, ref: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom("eom_secret_intent")
    .where("ref", "=", ref)
    .where("swept", "=", false)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Leaves a reference that no owner points to any more to the sweeper, from `graceSeconds` on. */
export async function insertGarbage(tx: DatabaseTransaction, ref: string, ownerId: string, graceSeconds: number) {
  await sql`insert into eom_secret_intent (ref, owner_id, writing, not_before)
    values (${ref}, ${ownerId}, false, now() + make_interval(secs => ${graceSeconds}))`.execute(tx);
}

/** The writer has given up: no need to wait for its time to run out. */
export async function hastenIntent(db: Database, ref: string): Promise<void> {
  await sql`update eom_secret_intent set not_before = now() where ref = ${ref} and not swept`.execute(db);
}

/**
 * Marks due references as swept, which from then on nobody can point to, and puts each off by a while that doubles up to
 * an hour: a sweeper that dies, or a secret store that is away, costs a delay and nothing else.
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

/** The secret is gone from the store: so is the intent, or it comes due once more if a writer may still be at it. */
export async function finishIntent(db: Database, ref: string): Promise<void> {
  await sql`
    with again as (
      update eom_secret_intent set writing = false, attempts = 0, not_before = now() + make_interval(secs => ${secondSweepSeconds})
      where ref = ${ref} and writing returning ref)
    delete from eom_secret_intent where ref = ${ref} and not writing and not exists (select from again)`.execute(db);
}

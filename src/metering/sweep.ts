import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { deleteExpiredAnswers } from "./answers.ts";
import { createLevelCheck, type LevelCheckNeeds } from "./reconcile/level-check.ts";
import { deleteOldReservations, expireReservations } from "./reservations/expire.ts";

/** Rows in one statement. */
const batchSize = 1000;
/** Levels to check in one turn; the next turn goes on after them. */
const maxLevelsPerTurn = 10_000;
/** Months of the ledger that are created before they begin. */
const ledgerMonthsAhead = 2;

interface QuotaSweepNeeds extends LevelCheckNeeds {
  /** Days to keep closed reservations; the ledger keeps their entries. */
  readonly retentionDays: number;
}

/**
 * The quotas' part of the worker `sweep`. Any number of processes may take turns at the same time.
 *
 * @returns a turn; it returns the number of rows of each kind, for the log
 */
export function createQuotaSweep(needs: QuotaSweepNeeds) {
  const { db, policy, retentionDays } = needs;
  const checkLevels = createLevelCheck(needs, batchSize);

  return async (signal: AbortSignal) => ({
    reservations: await inBatches(signal, () => expireReservations(db, batchSize, policy.warningPercent)),
    reservations_forgotten: await inBatches(signal, () => deleteOldReservations(db, retentionDays, batchSize)),
    quotas_expired: await inBatches(signal, () => reportExpiries(db, batchSize)),
    metering_answers: await inBatches(signal, () => deleteExpiredAnswers(db, batchSize)),
    ledger_months: await createLedgerMonths(db),
    quotas_checked: await inBatches(signal, checkLevels, maxLevelsPerTurn),
  });
}

/** Repeats `work` until a batch is not full, or `max` rows are done. @returns the number of rows */
async function inBatches(
  signal: AbortSignal,
  work: () => Promise<number>,
  max = Number.POSITIVE_INFINITY,
): Promise<number> {
  let sum = 0;
  while (!signal.aborted && sum < max) {
    const count = await work();
    sum += count;
    if (count < batchSize) break;
  }
  return sum;
}

/** Inserts one event for each user's quota that has expired; another one if it was prolonged and has expired again. */
async function reportExpiries(db: Database, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with due as (
      select user_id, type from eom_user_quota
      where expires_at is not null and not expiry_told and expires_at <= now()
      order by expires_at limit ${limit} for update skip locked),
    reported as (
      update eom_user_quota as u set expiry_told = true from due
      where u.user_id = due.user_id and u.type = due.type and not u.expiry_told
      returning u.user_id, u.type, u.quota_id, u.expires_at),
    event_written as (
      insert into eom_event (id, type, kind, object_id, data, created)
      select eom_uuid(), 'quota.expired', 'user_quota', user_id, jsonb_build_object('user_id', user_id,
        'quota_id', quota_id, 'type', type, 'expires_at', expires_at), now()
      from reported)
    select count(*) as count from reported`.execute(db);
  return rows[0]?.count ?? 0;
}

async function createLedgerMonths(db: Database): Promise<number> {
  const { rows } = await sql<{ made: number }>`
    select eom_prepare_ledger(now(), ${ledgerMonthsAhead}) as made`.execute(db);
  return rows[0]?.made ?? 0;
}

import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { updateExpiries, updateThresholds } from "../quotas/standing/update.ts";
import type { AdmissionPolicy } from "./admission/request.ts";
import { deleteExpiredAnswers } from "./answers.ts";
import type { MeteringMetrics } from "./metrics.ts";
import { type DriftCursor, findDrift } from "./reconcile/reconciler.ts";
import { deleteOldReservations, expireReservations } from "./reservations/close.ts";

const maxAtOnce = 1000;
const maxLevelsATurn = 10_000;
const ledgerMonthsAhead = 2;

interface QuotaSweepNeeds {
  readonly db: Database;
  readonly policy: AdmissionPolicy;
  readonly metrics: MeteringMetrics;
  readonly log: Logger;
  /** For closed reservations; the ledger keeps what became of them. */
  readonly retentionDays: number;
}

/** The quotas' part of `sweep`. Any number of processes may take turns at once. */
export function createQuotaSweep(needs: QuotaSweepNeeds) {
  const { db, policy, retentionDays } = needs;
  const watch = createLevelWatch(needs);

  return async (signal: AbortSignal) => ({
    reservations: await untilFew(signal, () => expireReservations(db, maxAtOnce, policy.warningPercent)),
    reservations_forgotten: await untilFew(signal, () => deleteOldReservations(db, retentionDays, maxAtOnce)),
    quotas_expired: await untilFew(signal, () => tellExpiries(db, maxAtOnce)),
    metering_answers: await untilFew(signal, () => deleteExpiredAnswers(db, maxAtOnce)),
    ledger_months: await prepareLedger(db),
    quotas_checked: await untilFew(signal, watch, maxLevelsATurn),
  });
}

/** Batch after batch, until one is not full or there were enough. */
async function untilFew(
  signal: AbortSignal,
  work: () => Promise<number>,
  enough = Number.POSITIVE_INFINITY,
): Promise<number> {
  let sum = 0;
  while (!signal.aborted && sum < enough) {
    const count = await work();
    sum += count;
    if (count < maxAtOnce) break;
  }
  return sum;
}

/** One event for each user's quota whose time is over; again when it was prolonged and is over once more. */
async function tellExpiries(db: Database, limit: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with due as (
      select user_id, type from eom_user_quota
      where expires_at is not null and not expiry_told and expires_at <= now()
      order by expires_at limit ${limit} for update skip locked),
    told as (
      update eom_user_quota as u set expiry_told = true from due
      where u.user_id = due.user_id and u.type = due.type and not u.expiry_told
      returning u.user_id, u.type, u.quota_id, u.expires_at),
    event_written as (
      insert into eom_event (id, type, kind, object_id, data, created)
      select eom_uuid(), 'quota.expired', 'user_quota', user_id, jsonb_build_object('user_id', user_id,
        'quota_id', quota_id, 'type', type, 'expires_at', expires_at), now()
      from told)
    select count(*) as count from told`.execute(db);
  return rows[0]?.count ?? 0;
}

async function prepareLedger(db: Database): Promise<number> {
  const { rows } = await sql<{ made: number }>`
    select eom_prepare_ledger(now(), ${ledgerMonthsAhead}) as made`.execute(db);
  return rows[0]?.made ?? 0;
}

/**
 * Adds up some ledgers a turn, round after round; tells as a metric what the last whole round found. What was admitted while
 * a limit changed was judged by the old one and noted its threshold: the new one's is noted here, as is what a process that
 * died had still to note.
 */
function createLevelWatch({ db, policy, metrics, log }: QuotaSweepNeeds) {
  let after: DriftCursor | null = null;
  let found = 0;

  return async (): Promise<number> => {
    const { drifts, checked, next } = await findDrift(db, after, maxAtOnce);
    const isChecked = isBetween(after, next);
    await updateExpiries(db, isChecked);
    await updateThresholds(db, isChecked, policy.warningPercent);
    for (const drift of drifts) log.error({ drift }, "a level is not the sum of its ledger: see eom quota reconcile");
    found += drifts.length;
    after = next;
    if (next === null) {
      metrics.drift.set(found);
      found = 0;
    }
    return checked;
  };
}

function isBetween(after: DriftCursor | null, last: DriftCursor | null): RawBuilder<SqlBool> {
  const isBeyond = sql<SqlBool>`(u.user_id, u.type) > (${after?.user_id ?? ""}, ${after?.type ?? ""})`;
  return last === null ? isBeyond : sql`${isBeyond} and (u.user_id, u.type) <= (${last.user_id}, ${last.type})`;
}

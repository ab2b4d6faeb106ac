import { sql } from "kysely";
import type { Actor } from "../platform/audit/record.ts";
import type { Database } from "../platform/database/tables.ts";
import { inTransaction } from "../platform/database/transaction.ts";
import { insertEvent } from "../platform/events/queries.ts";
import { createChange } from "../platform/resource/change.ts";
import { lockSchedule, type ScheduleRow } from "../schedules/queries.ts";
import { recordSave, saveSchedule } from "../schedules/save.ts";
import type { StepContext } from "./context.ts";

const batchSize = 100;
const actor: Actor = { subject: "scheduler", onBehalfOf: null, requestId: null };

/** Schedules that one turn disabled, by reason. */
export interface AutoDisableSummary {
  /** No further instant. */
  readonly over: number;
  /** As many failures in a row as the policy allows. */
  readonly failing: number;
}

/**
 * Disables schedules that are over or fail again and again, and stores the reason. Enabling such a schedule undoes it, and its
 * failures are counted anew.
 */
export async function autoDisable(
  { db, clock }: Pick<StepContext, "db" | "clock">,
  signal: AbortSignal,
): Promise<AutoDisableSummary> {
  const sum = { over: 0, failing: 0 };
  while (!signal.aborted) {
    const ids = await listCandidates(db);
    const before = sum.over + sum.failing;
    for (const id of ids) {
      const reason = await disable(db, id, clock.now());
      if (reason !== null) sum[reason] += 1;
    }
    // A batch of which none was disabled would be listed again.
    if (ids.length < batchSize || sum.over + sum.failing === before) break;
  }
  return sum;
}

async function listCandidates(db: Database): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from (
      select s.id from ailbl_schedule as s where s.enable and s.next_due_at = 'infinity'
      union
      select s.id from ailbl_schedule_stats as c join ailbl_schedule as s on s.id = c.schedule_id
      where c.consecutive_failures > 0 and s.enable
        and c.consecutive_failures >= (s.policy ->> 'max_consecutive_failures')::integer
    ) as candidate order by id limit ${batchSize}`.execute(db);
  return rows.map(({ id }) => id);
}

type Reason = keyof AutoDisableSummary;

/** Decides again under the lock: the schedule may have been edited or enabled since, or disabled by another process. */
function disable(db: Database, id: string, now: Date): Promise<Reason | null> {
  return inTransaction(db, async (tx) => {
    const before = await lockSchedule(tx, id);
    const reason = before === undefined ? null : findReason(before);
    if (before === undefined || reason === null) return null;
    const note = toNote(before, reason);
    await saveSchedule(tx, before, { ...before, enable: false }, { now, actor, reason, note });
    await recordSave(tx, createChange(actor), { id, action: "schedule.auto_disable", before });
    const data = { schedule_id: id, name: before.name, reason, note };
    await insertEvent(tx, { type: "schedule.auto_disabled", kind: "schedule", objectId: id, data });
    return reason;
  });
}

function findReason({ enable, next_due_at, policy, consecutive_failures }: ScheduleRow): Reason | null {
  const { max_consecutive_failures: maxFailures } = policy;
  if (!enable) return null;
  if (maxFailures !== null && consecutive_failures >= maxFailures) return "failing";
  return next_due_at === null ? "over" : null;
}

function toNote(schedule: ScheduleRow, reason: Reason): string {
  const { consecutive_failures, last_error, slot_sessions, policy } = schedule;
  if (reason === "over") {
    const isUsedUp = policy.max_sessions !== null && slot_sessions >= policy.max_sessions;
    return isUsedUp ? `max_sessions is used up: ${slot_sessions} of ${policy.max_sessions}` : "No instant is to come";
  }
  const last = last_error === null ? "" : `: ${last_error.message}`;
  return `${consecutive_failures} failures in a row${last}`.slice(0, 4000);
}

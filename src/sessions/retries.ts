import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";

/** Failures that may not happen again: those of the run itself. What was refused before it began would be refused again. */
const retryableCodes: ReadonlySet<string> = new Set([
  "JOB_FAILED",
  "JOB_KILLED",
  "JOB_TIMED_OUT",
  "RUN_FAILED",
  "MAX_RUNTIME_EXCEEDED",
  "LAUNCH_TIMED_OUT",
  "RUN_LOST",
  "LAUNCH_FAILED",
  "ENGINE_STOPPED",
]);

export function isRetryable(code: string): boolean {
  return retryableCodes.has(code);
}

/** Of no retry is more than a day waited for. */
const maxDelaySeconds = 86_400;

/**
 * How long after failed attempt number `attempt` (from 1) the next one begins: the delay, doubled with each attempt. The
 * random half keeps those that failed together from coming back together.
 *
 * @param random from 0 to 1
 */
export function toRetryDelaySeconds(delaySeconds: number, attempt: number, random: number): number {
  const longest = Math.min(maxDelaySeconds, delaySeconds * 2 ** Math.min(attempt - 1, 20));
  return longest / 2 + (longest / 2) * random;
}

export interface RetryPolicy {
  readonly id: string;
  readonly attempt: number;
  readonly delay_seconds: number;
}

/** Of these sessions those whose schedule, as it is now, lets them be tried once more. */
export async function listRetryPolicies(db: Database, sessionIds: readonly string[]): Promise<RetryPolicy[]> {
  if (sessionIds.length === 0) return [];
  const { rows } = await sql<RetryPolicy>`
    select s.id, s.attempt, (c.policy ->> 'retry_delay_seconds')::integer as delay_seconds
    from ailbl_session as s join ailbl_schedule as c on c.id = s.schedule_id
    where s.id = any(${sessionIds}::uuid[]) and s.stop_reason is distinct from 'cancel'
      and s.stop_reason is distinct from 'replaced' and s.attempt <= (c.policy ->> 'max_retries')::integer`.execute(db);
  return rows;
}

import { sql } from "kysely";
import { toBackoffMilliseconds } from "../platform/backoff.ts";
import type { Database } from "../platform/database/tables.ts";
import { stopRequestList } from "./word-lists.ts";

/** No retry waits longer than a day. */
const maxMilliseconds = 86_400_000;

/**
 * The pause between failed attempt number `attempt` (from 1) and the next. The delay doubles with each attempt; a random half of it
 * spreads sessions that failed together. Example: a delay of 60 s gives 30 to 60 s after attempt 1, and 60 to 120 s after attempt 2.
 *
 * @param random from 0 to 1
 */
export function toRetryDelaySeconds(delaySeconds: number, attempt: number, random: number): number {
  const firstMilliseconds = delaySeconds * 1000;
  return toBackoffMilliseconds({ firstMilliseconds, maxMilliseconds, attempt, random }) / 1000;
}

interface RetryPolicy {
  readonly id: string;
  readonly attempt: number;
  readonly delay_seconds: number;
}

/**
 * When the next attempts of sessions begin whose attempt failed now, by session id. A session is left out if its schedule, as it is
 * now, allows no further attempt, or if somebody asked it to end.
 */
export async function listRetryTimes(
  db: Database,
  sessionIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Date>> {
  const policies = await listRetryPolicies(db, sessionIds);
  return new Map(
    policies.map(({ id, attempt, delay_seconds }) => {
      const seconds = toRetryDelaySeconds(delay_seconds, attempt, Math.random());
      return [id, new Date(now.getTime() + seconds * 1000)];
    }),
  );
}

async function listRetryPolicies(db: Database, sessionIds: readonly string[]): Promise<RetryPolicy[]> {
  if (sessionIds.length === 0) return [];
  const { rows } = await sql<RetryPolicy>`
    select s.id, s.attempt, (c.policy ->> 'retry_delay_seconds')::integer as delay_seconds
    from ailbl_session as s join ailbl_schedule as c on c.id = s.schedule_id
    where s.id = any(${sessionIds}::uuid[]) and (s.stop_reason is null or s.stop_reason not in (${stopRequestList}))
      and s.attempt <= (c.policy ->> 'max_retries')::integer`.execute(db);
  return rows;
}

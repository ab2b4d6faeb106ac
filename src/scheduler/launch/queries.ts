import { sql } from "kysely";
import type { LaunchRequest } from "../../engines/engine.ts";
import type { Database } from "../../platform/database/tables.ts";
import type { Fence } from "../../sessions/moves.ts";
import type { StopReason } from "../../sessions/stop.ts";

/** A claimed session, with what its engine is to be asked. */
export interface Prepared {
  readonly fence: Fence;
  readonly request: LaunchRequest;
  readonly created: Date;
  /** See {@link ClaimedSession}. */
  readonly notReadySince: Date | null;
  readonly isDoubtful: boolean;
}

/**
 * Marks that from here on runs may exist, and keeps what they are launched with; but for those that somebody wants to end.
 *
 * The state that is wanted comes with each row: of the word itself the statistics of a busy table would say that it is rare,
 * and the planner would compare every session that has it with every one that is wanted.
 *
 * @returns by session, why it is not to be launched, or null; those of a lost lease are not in it
 */
export async function beginLaunches(
  db: Database,
  prepared: readonly Prepared[],
  now: Date,
): Promise<ReadonlyMap<string, StopReason | null>> {
  if (prepared.length === 0) return new Map();
  const { rows } = await sql<{ id: string; stop_reason: StopReason | null }>`
    with wanted as (
      select * from unnest(${prepared.map(({ fence }) => fence.id)}::uuid[],
        ${prepared.map(({ fence }) => fence.leaseToken)}::integer[],
        ${prepared.map(({ request }) => JSON.stringify(request.job))}::text[],
        ${prepared.map(({ request }) => JSON.stringify(request.runConfig))}::text[],
        ${prepared.map(() => "claimed")}::text[]) as w (id, lease_token, job, run_config, state)
    ), begun as (
      update ailbl_session as s
      set launch_started = case when s.stop_reason is null then ${now}::timestamptz end
      from wanted as w where s.id = w.id and s.state = w.state and s.lease_token = w.lease_token
      returning s.id, s.stop_reason, w.job, w.run_config
    ), kept as (
      insert into ailbl_session_detail (session_id, job, run_config)
      select id, job::jsonb, run_config::jsonb from begun
      on conflict (session_id) do update set job = excluded.job, run_config = excluded.run_config
    )
    select id, stop_reason from begun`.execute(db);
  return new Map(rows.map(({ id, stop_reason }) => [id, stop_reason]));
}

/** Of those of these sessions that somebody wants to end, why. */
export async function findStopReasons(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, StopReason>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; stop_reason: StopReason }>`
    select id, stop_reason from ailbl_session where id = any(${ids}::uuid[]) and stop_reason is not null`.execute(db);
  return new Map(rows.map(({ id, stop_reason }) => [id, stop_reason]));
}

import { sql } from "kysely";
import type { Database } from "../../platform/database/tables.ts";
import type { StopReason } from "../../sessions/stop.ts";
import type { Launch } from "./prepare.ts";

/**
 * Marks that runs may exist from here on, and stores what they are launched with. Sessions with a stop request are not marked.
 *
 * The expected state is passed as a column, not as a literal: for 'claimed' the planner trusts statistics that call it rare
 * and picks a nested loop.
 *
 * @returns by session, the reason for which it is not to be launched, or null; sessions of a lost lease are missing
 */
export async function startLaunches(
  db: Database,
  launches: readonly Launch[],
  now: Date,
): Promise<ReadonlyMap<string, StopReason | null>> {
  if (launches.length === 0) return new Map();
  const { rows } = await sql<{ id: string; stop_reason: StopReason | null }>`
    with launch as (
      select * from unnest(${launches.map(({ fence }) => fence.id)}::uuid[],
        ${launches.map(({ fence }) => fence.leaseToken)}::integer[],
        ${launches.map(({ request }) => JSON.stringify(request.job))}::text[],
        ${launches.map(({ request }) => JSON.stringify(request.runConfig))}::text[],
        ${launches.map(() => "claimed")}::text[]) as l (id, lease_token, job, run_config, state)
    ), started as (
      update ailbl_session as s
      set launch_started = case when s.stop_reason is null then ${now}::timestamptz end
      from launch as l where s.id = l.id and s.state = l.state and s.lease_token = l.lease_token
      returning s.id, s.stop_reason, l.job, l.run_config
    ), detail as (
      insert into ailbl_session_detail (session_id, job, run_config)
      select id, job::jsonb, run_config::jsonb from started
      on conflict (session_id) do update set job = excluded.job, run_config = excluded.run_config
    )
    select id, stop_reason from started`.execute(db);
  return new Map(rows.map(({ id, stop_reason }) => [id, stop_reason]));
}

/** The reason of each session that has a stop request; sessions without a request are missing. */
export async function findStopReasons(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, StopReason>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; stop_reason: StopReason }>`
    select id, stop_reason from ailbl_session where id = any(${ids}::uuid[]) and stop_reason is not null`.execute(db);
  return new Map(rows.map(({ id, stop_reason }) => [id, stop_reason]));
}

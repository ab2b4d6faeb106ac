import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import type { SessionState } from "./states.ts";
import type { SessionTable } from "./tables.ts";
import { leasedStateList, stopRequestList } from "./word-lists.ts";

/** The lease under which a session is written. If the row has another token, another worker took the session over. */
export interface Fence {
  readonly id: string;
  readonly leaseToken: number;
}

/** One step of one session. Omitted fields keep their values. A step into a state without a lease returns the lease. */
export interface Move extends Fence {
  readonly from: SessionState;
  readonly to: SessionState;
  /** A word for the history, such as `job_unknown`. */
  readonly cause: string;
  /** A sentence for the history, if the word does not say everything. */
  readonly message?: string | null;
  readonly runId?: string;
  readonly runStatus?: string;
  readonly startedAt?: Date | null;
  /** Required for steps into an end state. */
  readonly endedAt?: Date;
  /** When the session is due again. */
  readonly runAfter?: Date;
  /** Set if the engine could not launch it yet. The first such instant stays until the session returns for another reason. */
  readonly notReadySince?: Date;
}

/** A session that was moved, with the fields that counters and events need. */
export interface MovedSession {
  readonly id: string;
  readonly schedule_id: string;
  readonly schedule_name: string;
  readonly kind: number;
  readonly cause: SessionTable["cause"];
  readonly slot: Date;
  readonly attempt: number;
}

/** The author and the time of a step. */
export interface By {
  readonly at: Date;
  /** A subject, or `scheduler`. */
  readonly actor: string;
}

/**
 * Moves each session by its own step and records the steps in the histories, all in one statement. A step into `unknown` also puts
 * the launch on the list of doubtful launches.
 *
 * @returns the moved sessions. A session is not moved, and nothing of it is written, if it is in another state or under another
 * lease, or if it was asked to end and would wait for another launch
 */
export async function moveSessions(db: Database, moves: readonly Move[], { at, actor }: By): Promise<MovedSession[]> {
  if (moves.length === 0) return [];
  const text = (toText: (move: Move) => string | null | undefined) => moves.map((move) => toText(move) ?? null);
  const { rows } = await sql<MovedSession>`
    with step as (
      select * from unnest(${text(({ id }) => id)}::uuid[], ${moves.map(({ leaseToken }) => leaseToken)}::integer[],
        ${text(({ from }) => from)}::text[], ${text(({ to }) => to)}::text[], ${text(({ cause }) => cause)}::text[],
        ${text(({ message }) => message)}::text[], ${text(({ runId }) => runId)}::text[],
        ${text(({ runStatus }) => runStatus)}::text[], ${text(({ startedAt }) => startedAt?.toISOString())}::text[]::timestamptz[],
        ${text(({ endedAt }) => endedAt?.toISOString())}::text[]::timestamptz[],
        ${text(({ runAfter }) => runAfter?.toISOString())}::text[]::timestamptz[],
        ${text(({ notReadySince }) => notReadySince?.toISOString())}::text[]::timestamptz[])
        as w (id, lease_token, from_state, to_state, cause, message, run_id, run_status, started, ended, run_after,
          not_ready_since)
    ), moved as (
      update ailbl_session as s set state = w.to_state, version = s.version + 1,
        run_id = coalesce(w.run_id, s.run_id), run_status = coalesce(w.run_status, s.run_status),
        started = coalesce(w.started, s.started), ended = w.ended, run_after = coalesce(w.run_after, s.run_after),
        not_ready_since = case when w.to_state <> 'pending' or w.not_ready_since is not null
          then coalesce(s.not_ready_since, w.not_ready_since) end,
        lease_owner = case when w.to_state in (${leasedStateList}) then s.lease_owner end,
        lease_expires_at = case when w.to_state in (${leasedStateList}) then s.lease_expires_at end
      from step as w where s.id = w.id and s.state = w.from_state and s.lease_token = w.lease_token
        -- A stop request that arrived meanwhile wins: the session does not wait for another launch.
        and (w.to_state not in ('pending', 'retry_wait') or s.stop_reason is null
          or s.stop_reason not in (${stopRequestList}))
      returning s.id, s.schedule_id, s.schedule_name, s.kind, s.cause, s.slot, s.attempt, s.engine, w.from_state, w.to_state,
        w.cause as step_cause, w.message
    ), history as (
      insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause, message)
      select id, ${at}::timestamptz, from_state, to_state, attempt, ${actor}, step_cause, message from moved
    ), doubtful as (
      insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      select id, attempt, engine, now(), now() from moved where to_state = 'unknown'
      on conflict (session_id, attempt) do update set engine = excluded.engine, since = excluded.since, check_at = excluded.check_at
    )
    select id, schedule_id, schedule_name, kind, cause, slot, attempt from moved`.execute(db);
  return rows;
}

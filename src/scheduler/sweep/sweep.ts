import { sql } from "kysely";
import type { Engines } from "../../engines/registry.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { endSessionsIn, type SessionEnd } from "../../sessions/ends.ts";
import { type By, type Move, moveSessions } from "../../sessions/moves.ts";
import type { LeasedState } from "../../sessions/states.ts";
import { canceledError, isStopRequest, replacedError, type StopReason } from "../../sessions/stop.ts";
import type { StepContext } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { handedBack, type LeaseSettings, renewLeases } from "../renew/leases.ts";

const batchSize = 100;

/** Sessions of dead processes, by what became of them. */
export interface SweepSummary {
  /** Claimed and certainly not launched: queued again. */
  readonly requeued: number;
  /** Claimed, not launched, with a stop request. */
  readonly canceled: number;
  /** Taken over by this process, to be polled or searched. */
  readonly adopted: number;
  /** Their run died with the process that had it. */
  readonly failed: number;
}

/** A process and all engines that it knows. */
export type SweepContext = StepContext & { readonly engines: Engines };

/**
 * Takes over sessions whose holder has not renewed its lease. Calls no engine: a slow engine must not leave the runs of others
 * without a holder.
 */
export async function sweepLeases(context: SweepContext, signal: AbortSignal): Promise<SweepSummary> {
  // After a long stand-still (a suspended machine, a database that was away) this process's own leases have expired too.
  await renewLeases(context.db, context.lease);
  const sum = { requeued: 0, canceled: 0, adopted: 0, failed: 0 };
  while (!signal.aborted) {
    const swept = await sweepBatch(context);
    for (const action of swept) sum[action] += 1;
    if (swept.length < batchSize) break;
  }
  return sum;
}

type SweepAction = keyof SweepSummary;

/** One short transaction; sessions that another process sweeps at this moment are skipped. */
async function sweepBatch(context: SweepContext): Promise<SweepAction[]> {
  const by = { at: context.clock.now(), actor: "scheduler" };
  const { actions, ended } = await inTransaction(context.db, async (tx) => {
    const abandoned = await lockAbandoned(tx, context.engines);
    const actions = abandoned.map((session) => decideAction(context.engines, session));
    const sessionsTo = (action: SweepAction) => abandoned.filter((_, index) => actions[index] === action);
    await moveSessions(tx, sessionsTo("requeued").map(toRequeue), by);
    await adoptSessions(tx, sessionsTo("adopted"), context.lease, by);
    const { ended } = await endSessionsIn(
      tx,
      [
        ...sessionsTo("canceled").map((session) => toCanceledEnd(session, by.at)),
        ...sessionsTo("failed").map((session) => toLostEnd(session, by.at)),
      ],
      by,
    );
    return { actions, ended };
  });
  countEnds(context.metrics, ended);
  return actions;
}

interface AbandonedSession {
  readonly id: string;
  readonly state: LeasedState;
  readonly lease_token: number;
  readonly launch_started: Date | null;
  readonly engine: string;
  readonly stop_reason: StopReason | null;
}

/**
 * A session of an engine that this process does not know may belong to a process that does, as while a new engine is rolled
 * out. After this time without a holder, no process of the deployment has that engine.
 */
const unknownEnginePatienceSeconds = 10 * 60;

async function lockAbandoned(tx: DatabaseTransaction, { all }: Engines): Promise<AbandonedSession[]> {
  const { rows } = await sql<AbandonedSession>`
    select id, state, lease_token, launch_started, engine, stop_reason from ailbl_session
    where id in (select session_id from ailbl_open_session where phase = 'active')
      and phase = 'active' and lease_expires_at <= now() and (engine = any(${all.map(({ name }) => name)}::text[])
      or lease_expires_at <= now() - make_interval(secs => ${unknownEnginePatienceSeconds}))
    order by id limit ${batchSize} for update skip locked`.execute(tx);
  return rows;
}

function decideAction(engines: Engines, session: AbandonedSession): SweepAction {
  if (session.state === "claimed" && session.launch_started === null) {
    return session.stop_reason === null ? "requeued" : "canceled";
  }
  return engines.find(session.engine)?.durable === true ? "adopted" : "failed";
}

/** The next claim increments the token, so that the old holder, if it still lives, can write nothing more. */
function toRequeue({ id, lease_token }: AbandonedSession): Move {
  return { id, leaseToken: lease_token, from: "claimed", to: "pending", cause: "lease_expired" };
}

/** Leases the sessions to this process under a new token: to be polled or, if they were claimed, searched. */
async function adoptSessions(
  tx: DatabaseTransaction,
  sessions: readonly AbandonedSession[],
  { owner, seconds }: LeaseSettings,
  { at, actor }: By,
): Promise<void> {
  if (sessions.length === 0) return;
  await sql`
    with abandoned as (
      select id, state, attempt, engine, lease_owner, case state when 'claimed' then 'unknown' else state end as to_state
      from ailbl_session where id = any(${sessions.map(({ id }) => id)}::uuid[])
    ), adopted as (
      update ailbl_session as s set state = a.to_state, version = s.version + 1, lease_owner = ${owner},
        lease_token = s.lease_token + 1, lease_expires_at = now() + make_interval(secs => ${seconds})
      from abandoned as a where s.id = a.id
    ), doubtful as (
      insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      select id, attempt, engine, now(), now() from abandoned where state <> to_state
      on conflict (session_id, attempt) do update set since = excluded.since, check_at = excluded.check_at
    )
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
    select id, ${at}::timestamptz, state, to_state, attempt, ${actor}, 'taken_over' from abandoned
    where lease_owner <> ${handedBack} or state <> to_state`.execute(tx);
}

/** Ended here, because the next claim would forget the stop request, and a deleted schedule has no next claim. */
function toCanceledEnd({ id, lease_token, stop_reason }: AbandonedSession, endedAt: Date): SessionEnd {
  const error = stop_reason === "replaced" ? replacedError : canceledError;
  return { id, leaseToken: lease_token, from: "claimed", state: "canceled", endedAt, error };
}

/** A lost run that was to be stopped counts as canceled: the stop request is fulfilled, and nothing is known of the job. */
function toLostEnd({ id, lease_token, state, stop_reason }: AbandonedSession, endedAt: Date): SessionEnd {
  const message = "The EOM process that ran it ended before the run did; its work may be half done";
  const error = { code: "RUN_LOST", message, step: null };
  const end = isStopRequest(stop_reason) ? "canceled" : "failed";
  return { id, leaseToken: lease_token, from: state, state: end, endedAt, error };
}

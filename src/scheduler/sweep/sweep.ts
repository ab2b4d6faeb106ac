import { sql } from "kysely";
import type { Engines } from "../../engines/registry.ts";
import type { DatabaseTransaction } from "../../platform/database/tables.ts";
import { inTransaction } from "../../platform/database/transaction.ts";
import { endSessionsIn, type SessionEnd } from "../../sessions/ends.ts";
import { type By, type Move, moveSessions } from "../../sessions/moves.ts";
import type { LeasedState } from "../../sessions/states.ts";
import type { StopReason } from "../../sessions/stop.ts";
import { canceledError, isStopRequest, replacedError } from "../../sessions/stop.ts";
import type { PickNeeds } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { handedBack, type LeaseSettings, renewLeases } from "../renew/leases.ts";
import { watchDoubtfulLaunches } from "../search/doubtful-launches.ts";

const batchSize = 100;

export interface SweepSummary {
  /** Claimed, and certainly not launched: to be picked again. */
  readonly requeued: number;
  /** Claimed, not launched, and wanted by nobody any more. */
  readonly canceled: number;
  /** Taken over, to be polled or looked for. */
  readonly adopted: number;
  /** Their run died with the process that had it. */
  readonly failed: number;
  /** Runs that were ended because their session has another one. */
  readonly duplicates: number;
}

export interface SweepNeeds extends Omit<PickNeeds, "engine"> {
  readonly engines: Engines;
}

/** All that dead processes left behind: the sessions that they held, and the launches that nobody knows the end of. */
export async function sweep(needs: SweepNeeds, signal: AbortSignal): Promise<SweepSummary> {
  return { ...(await sweepLeases(needs, signal)), duplicates: await watchAll(needs) };
}

/**
 * Takes care of the sessions whose holder has given no sign of life for the length of its lease. Asks no engine: one that is slow
 * must not keep the runs of others without a holder.
 */
export async function sweepLeases(needs: SweepNeeds, signal: AbortSignal): Promise<Record<Fate, number>> {
  // After a long stand-still (a suspended machine, a database that was away) our own leases have run out as well.
  await renewLeases(needs.db, needs.lease);
  const sum = { requeued: 0, canceled: 0, adopted: 0, failed: 0 };
  while (!signal.aborted) {
    const fates = await sweepBatch(needs);
    for (const fate of fates) sum[fate] += 1;
    if (fates.length < batchSize) break;
  }
  return sum;
}

/** One engine that is away keeps no other from being looked at. */
async function watchAll({ engines, ...needs }: SweepNeeds): Promise<number> {
  const counts = await Promise.all(
    engines.all.map(async (engine) => {
      try {
        return await watchDoubtfulLaunches({ ...needs, engine });
      } catch (error) {
        needs.log.warn({ engine: engine.name, err: error }, "doubtful launches could not be looked at");
        return 0;
      }
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

type Fate = Exclude<keyof SweepSummary, "duplicates">;

/** One short transaction; what another process takes care of at this moment is left to it. */
async function sweepBatch(needs: SweepNeeds): Promise<Fate[]> {
  const by = { at: needs.clock.now(), actor: "scheduler" };
  const { fates, ended } = await inTransaction(needs.db, async (tx) => {
    const abandoned = await lockAbandoned(tx, needs.engines);
    const fates = abandoned.map((session) => toFate(needs, session));
    const those = (fate: Fate) => abandoned.filter((_, index) => fates[index] === fate);
    await moveSessions(tx, those("requeued").map(toRequeue), by);
    await adoptSessions(tx, those("adopted"), needs.lease, by);
    const { ended } = await endSessionsIn(
      tx,
      [
        ...those("canceled").map((session) => toCanceledEnd(session, by.at)),
        ...those("failed").map((session) => toLostEnd(session, by.at)),
      ],
      by,
    );
    return { fates, ended };
  });
  countEnds(needs.metrics, ended);
  return fates;
}

interface Abandoned {
  readonly id: string;
  readonly state: LeasedState;
  readonly lease_token: number;
  readonly launch_started: Date | null;
  readonly engine: string;
  readonly stop_reason: StopReason | null;
}

/**
 * An engine that this process does not know may be one that others do, as while a new one is rolled out: they come first. When
 * none has come for so long, the deployment has it no more.
 */
const foreignPatienceSeconds = 10 * 60;

async function lockAbandoned(tx: DatabaseTransaction, { all }: Engines): Promise<Abandoned[]> {
  const { rows } = await sql<Abandoned>`
    select id, state, lease_token, launch_started, engine, stop_reason from ailbl_session
    where id in (select session_id from ailbl_open_session where phase = 'active')
      and phase = 'active' and lease_expires_at <= now() and (engine = any(${all.map(({ name }) => name)}::text[])
      or lease_expires_at <= now() - make_interval(secs => ${foreignPatienceSeconds}))
    order by id limit ${batchSize} for update skip locked`.execute(tx);
  return rows;
}

function toFate({ engines }: SweepNeeds, session: Abandoned): Fate {
  if (session.state === "claimed" && session.launch_started === null) {
    return session.stop_reason === null ? "requeued" : "canceled";
  }
  return engines.find(session.engine)?.durable === true ? "adopted" : "failed";
}

/** The next claim counts the token up, so that the old holder, should it still live, can write nothing more. */
function toRequeue({ id, lease_token }: Abandoned): Move {
  return { id, leaseToken: lease_token, from: "claimed", to: "pending", cause: "lease_expired" };
}

/** They are ours from here on, with a token of our own: to be polled, or looked for. */
async function adoptSessions(
  tx: DatabaseTransaction,
  sessions: readonly Abandoned[],
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
    ), doubted as (
      insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      select id, attempt, engine, now(), now() from abandoned where state <> to_state
      on conflict (session_id, attempt) do update set since = excluded.since, check_at = excluded.check_at
    )
    insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause)
    select id, ${at}::timestamptz, state, to_state, attempt, ${actor}, 'taken_over' from abandoned
    where lease_owner <> ${handedBack} or state <> to_state`.execute(tx);
}

/** The next claim would not know that somebody wanted it to end; of a deleted schedule there would be none. */
function toCanceledEnd({ id, lease_token, stop_reason }: Abandoned, endedAt: Date): SessionEnd {
  const error = stop_reason === "replaced" ? replacedError : canceledError;
  return { id, leaseToken: lease_token, from: "claimed", state: "canceled", endedAt, error };
}

/** Who wanted it to end has that now, and it says nothing about the job. */
function toLostEnd({ id, lease_token, state, stop_reason }: Abandoned, endedAt: Date): SessionEnd {
  const message = "The EOM process that ran it ended before the run did; its work may be half done";
  const error = { code: "RUN_LOST", message, step: null };
  const end = isStopRequest(stop_reason) ? "canceled" : "failed";
  return { id, leaseToken: lease_token, from: state, state: end, endedAt, error };
}

import { sql } from "kysely";
import type { EngineRun } from "../../engines/engine.ts";
import { endSessions, type SessionEnd } from "../../sessions/ends.ts";
import { type Fence, type Move, moveSessions } from "../../sessions/moves.ts";
import { replacedError, type StopReason } from "../../sessions/stop.ts";
import type { EngineContext } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { reportLostLease } from "../renew/leases.ts";
import type { IdRange } from "../row-pages.ts";
import { endDuplicates, toDuplicates } from "./duplicates.ts";

/**
 * How long a run that may exist is searched before its session is launched again. Longer than an engine may take to answer a
 * launch: the run can appear after EOM has stopped waiting for the answer.
 */
const searchSeconds = 60;

/** Sessions per request to the engine. */
const batchSize = 20;

interface UnknownSession {
  readonly id: string;
  readonly lease_token: number;
  readonly attempt: number;
  /** When the engine first answered that it has no such run, whichever process asked; null before. */
  readonly searched_from: Date | null;
  readonly stop_reason: StopReason | null;
  readonly launch_timeout_seconds: number;
}

/**
 * Searches the runs of this process's sessions whose launch had no clear answer. A session whose run exists is running; a
 * session whose run was not found for long enough is launched again.
 *
 * @throws what the engine throws; sessions behind the failing page are searched in the next turn
 */
export async function search(context: EngineContext, signal: AbortSignal): Promise<object> {
  for await (const sessions of context.rowPages("search", context.engine, (range) => listUnknown(context, range))) {
    await searchRuns(context, sessions);
    if (signal.aborted) break;
  }
  return {};
}

async function listUnknown({ db, engine, lease }: EngineContext, { after, until }: IdRange): Promise<UnknownSession[]> {
  const { rows } = await sql<UnknownSession>`
    select s.id, s.lease_token, s.attempt, s.polled as searched_from, s.stop_reason, s.launch_timeout_seconds
    from ailbl_open_session as o join ailbl_session as s on s.id = o.session_id
    where o.phase = 'active' and o.engine = ${engine.name} and o.lease_owner = ${lease.owner}
      and s.state = 'unknown' and s.lease_owner = o.lease_owner
      and o.session_id > ${after} and o.session_id <= ${until}
    order by o.session_id limit ${batchSize}`.execute(db);
  return rows;
}

/** A session with the runs of its attempt, oldest first. An attempt has several runs if an answer was lost and EOM launched again. */
interface Searched {
  readonly session: UnknownSession;
  readonly runs: readonly EngineRun[];
  /** The run that the session keeps; null if none was submitted. */
  readonly runId: string | null;
}

async function searchRuns(context: EngineContext, sessions: readonly UnknownSession[]): Promise<void> {
  const results = await context.engine.listRuns(sessions.map(({ id, attempt }) => ({ sessionId: id, attempt })));
  const searched = sessions.flatMap((session, index) => {
    const runs = results[index] ?? null;
    return runs === null ? [] : [toSearched(session, runs)];
  });
  await adoptRuns(
    context,
    searched.filter(({ runId }) => runId !== null),
  );
  const missing = searched.filter(({ runId }) => runId === null).map(({ session }) => session);
  await startSearch(context, missing);
  await endSearch(
    context,
    missing.filter((session) => isSearchOver(context, session)),
  );
}

/** A run that was recorded by its engine but not submitted is searched again: it may be submitted in a moment, or never. */
function toSearched(session: UnknownSession, runs: readonly EngineRun[]): Searched {
  return { session, runs, runId: runs.find(({ isSubmitted }) => isSubmitted)?.runId ?? null };
}

/** The search time begins with the engine's first answer: an engine that did not answer has not said that there is no run. */
async function startSearch({ db, clock }: EngineContext, missing: readonly UnknownSession[]): Promise<void> {
  const fresh = missing.filter(({ searched_from }) => searched_from === null);
  if (fresh.length === 0) return;
  await sql`
    update ailbl_session as s set polled = ${clock.now()}::timestamptz
    from unnest(${fresh.map(({ id }) => id)}::uuid[], ${fresh.map(({ lease_token }) => lease_token)}::integer[])
      as f (id, lease_token)
    where s.id = f.id and s.lease_token = f.lease_token and s.state = 'unknown'`.execute(db);
}

function isSearchOver({ clock }: EngineContext, { searched_from: from }: UnknownSession): boolean {
  return from !== null && (clock.now().getTime() - from.getTime()) / 1000 > searchSeconds;
}

/** Gives each session its oldest run, and ends the other runs of the attempt. */
async function adoptRuns(context: EngineContext, searched: readonly Searched[]): Promise<void> {
  const moved = await move(
    context,
    searched.map(({ session, runId }) => {
      const run = { cause: "run_found", runId: runId ?? "", runStatus: "launched" };
      return { ...toFence(session), from: "unknown", to: "running", ...run };
    }),
  );
  const adopted = new Set(moved.map(({ id }) => id));
  context.metrics.runsAdopted.inc({ engine: context.engine.name }, adopted.size);
  const duplicates = searched
    .filter(({ session }) => adopted.has(session.id))
    .flatMap(({ session: { id, attempt }, runs, runId }) =>
      toDuplicates({ session_id: id, attempt, ended: [], is_late: false }, runId, runs),
    );
  await endDuplicates(context, duplicates);
}

/**
 * No run was submitted: the sessions may be launched again, except sessions with a stop request, and sessions whose launches
 * have failed for longer than `launch_timeout_seconds`.
 */
async function endSearch(context: EngineContext, sessions: readonly UnknownSession[]): Promise<void> {
  const message = `No run was found within ${searchSeconds} s`;
  context.metrics.searchesGivenUp.inc({ engine: context.engine.name }, sessions.length);
  const unstopped = sessions.filter(({ stop_reason }) => stop_reason === null);
  const timedOut = await listTimedOut(context, unstopped);
  const requeued = unstopped.filter(({ id }) => !timedOut.has(id));
  await move(
    context,
    requeued.map((session) => ({
      ...toFence(session),
      from: "unknown",
      to: "pending",
      cause: "run_not_found",
      message,
    })),
  );
  await end(context, [
    ...sessions.filter(({ stop_reason }) => stop_reason !== null).map((session) => toCancel(context, session)),
    ...unstopped.filter(({ id }) => timedOut.has(id)).map((session) => toTimeout(context, session)),
  ]);
}

/** Counts from the attempt's first doubt: every launch starts the other times anew. */
async function listTimedOut(
  { db, clock }: EngineContext,
  sessions: readonly UnknownSession[],
): Promise<ReadonlySet<string>> {
  if (sessions.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select s.id from ailbl_session as s where s.id = any(${sessions.map(({ id }) => id)}::uuid[])
      and (select min(e.at) from ailbl_session_event as e
        where e.session_id = s.id and e.attempt = s.attempt and e.to_state = 'unknown')
        < ${clock.now()}::timestamptz - make_interval(secs => s.launch_timeout_seconds)`.execute(db);
  return new Set(rows.map(({ id }) => id));
}

function toCancel({ clock }: EngineContext, session: UnknownSession): SessionEnd {
  const error = session.stop_reason === "replaced" ? replacedError : null;
  return { ...toFence(session), from: "unknown", state: "canceled", cause: "canceled", endedAt: clock.now(), error };
}

function toTimeout({ clock }: EngineContext, session: UnknownSession): SessionEnd {
  const seconds = session.launch_timeout_seconds;
  const message = `No launch had a clear answer, and no run was found, within launch_timeout_seconds (${seconds})`;
  const error = { code: "LAUNCH_TIMED_OUT", message, step: null };
  return { ...toFence(session), from: "unknown", state: "failed", endedAt: clock.now(), error };
}

async function end(context: EngineContext, ends: readonly SessionEnd[]): Promise<void> {
  const by = { at: context.clock.now(), actor: "scheduler" };
  const { ended, retrying } = await endSessions(context.db, ends, by);
  countEnds(context.metrics, ended);
  reportLost(context, ends, [...ended, ...retrying.map((id) => ({ id }))]);
}

async function move(context: EngineContext, moves: readonly Move[]): Promise<readonly { readonly id: string }[]> {
  const moved = await moveSessions(context.db, moves, { at: context.clock.now(), actor: "scheduler" });
  reportLost(context, moves, moved);
  return moved;
}

function reportLost(context: EngineContext, tried: readonly Fence[], done: readonly { readonly id: string }[]): void {
  const ids = new Set(done.map(({ id }) => id));
  for (const fence of tried) if (!ids.has(fence.id)) reportLostLease(context, fence, "search");
}

function toFence({ id, lease_token }: UnknownSession): Fence {
  return { id, leaseToken: lease_token };
}

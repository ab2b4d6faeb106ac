import { sql } from "kysely";
import type { EngineRun } from "../../engines/engine.ts";
import { endSessions, type SessionEnd } from "../../sessions/ends.ts";
import { type Fence, type Move, moveSessions } from "../../sessions/moves.ts";
import type { StopReason } from "../../sessions/stop.ts";
import { replacedError } from "../../sessions/stop.ts";
import type { PickNeeds } from "../context.ts";
import { countEnds } from "../metrics.ts";
import { noteLostLease } from "../renew/leases.ts";
import { createRound, type IdRange } from "../row-pages.ts";
import { endDuplicates, toDuplicates } from "./duplicates.ts";

/**
 * How long a run that may exist is looked for before the session is launched again. Longer than an engine may take to
 * answer a launch: its run can appear after we have given up waiting for it.
 */
const searchSeconds = 60;

interface UnknownSession {
  readonly id: string;
  readonly lease_token: number;
  readonly attempt: number;
  /** When the engine first said that it has no such run, whoever has had the session since. */
  readonly searched_from: Date | null;
  readonly stop_reason: StopReason | null;
  readonly launch_timeout_seconds: number;
}

/** Asked for at once. */
const batchSize = 20;

/** Of one turn: what runs is to be asked about in it as well. */
const mostMilliseconds = 5000;

const goRound = createRound();

/** Settles the sessions whose launch is in doubt: found, so it runs; not found for long enough, so it is launched again. */
export async function reconcile(needs: PickNeeds, signal: AbortSignal): Promise<void> {
  const begunAt = performance.now();
  try {
    for await (const sessions of goRound(needs.engine, (range) => listUnknown(needs, range))) {
      await search(needs, sessions);
      if (signal.aborted || performance.now() - begunAt > mostMilliseconds) break;
    }
  } catch (error) {
    // Those that run are polled all the same.
    needs.log.warn({ engine: needs.engine.name, err: error }, "the runs of sessions could not be looked for");
  }
}

async function listUnknown({ db, engine, lease }: PickNeeds, { after, until }: IdRange): Promise<UnknownSession[]> {
  const { rows } = await sql<UnknownSession>`
    select s.id, s.lease_token, s.attempt, s.polled as searched_from, s.stop_reason, s.launch_timeout_seconds
    from ailbl_open_session as o join ailbl_session as s on s.id = o.session_id
    where o.phase = 'active' and o.engine = ${engine.name} and o.lease_owner = ${lease.owner}
      and s.state = 'unknown' and s.lease_owner = o.lease_owner
      and o.session_id > ${after} and o.session_id <= ${until}
    order by o.session_id limit ${batchSize}`.execute(db);
  return rows;
}

async function search(needs: PickNeeds, sessions: readonly UnknownSession[]): Promise<void> {
  const runs = await needs.engine.listRuns(sessions.map(({ id, attempt }) => ({ sessionId: id, attempt })));
  const searched = sessions.flatMap((session, index) => {
    const found = runs[index] ?? null;
    return found === null ? [] : [{ session, runs: found }];
  });
  await adoptRuns(needs, searched.filter(isFound));
  const missing = searched.filter((found) => !isFound(found)).map(({ session }) => session);
  await noteFirstLook(needs, missing);
  await giveUpSearch(
    needs,
    missing.filter((session) => isOver(needs, session)),
  );
}

/** An engine that did not answer has not said that there is no run: the search begins with its first answer. */
async function noteFirstLook({ db, clock }: PickNeeds, missing: readonly UnknownSession[]): Promise<void> {
  const fresh = missing.filter(({ searched_from }) => searched_from === null);
  if (fresh.length === 0) return;
  await sql`
    update ailbl_session as s set polled = ${clock.now()}::timestamptz
    from unnest(${fresh.map(({ id }) => id)}::uuid[], ${fresh.map(({ lease_token }) => lease_token)}::integer[])
      as w (id, lease_token)
    where s.id = w.id and s.lease_token = w.lease_token and s.state = 'unknown'`.execute(db);
}

interface Search {
  readonly session: UnknownSession;
  /** The oldest first. */
  readonly runs: readonly EngineRun[];
}

/** A run that was written down and not submitted may be so in a moment, or never: it is looked for on. */
function isFound({ runs }: Search): boolean {
  return runs.some(({ isSubmitted }) => isSubmitted);
}

function isOver({ clock }: PickNeeds, { searched_from: from }: UnknownSession): boolean {
  return from !== null && (clock.now().getTime() - from.getTime()) / 1000 > searchSeconds;
}

/** Of several runs, the oldest stays. */
async function adoptRuns(needs: PickNeeds, searched: readonly Search[]): Promise<void> {
  const toRunId = ({ runs }: Search) => runs.find(({ isSubmitted }) => isSubmitted)?.runId ?? "";
  const toMove = (search: Search): Move => {
    const found = { cause: "run_found", runId: toRunId(search), runStatus: "launched" };
    return { ...toFence(search.session), from: "unknown", to: "running", ...found };
  };
  const moved = new Set((await move(needs, searched.map(toMove))).map(({ id }) => id));
  needs.metrics.runsAdopted.inc({ engine: needs.engine.name }, moved.size);
  const adopted = searched.filter(({ session }) => moved.has(session.id));
  await endDuplicates(
    needs,
    adopted.flatMap((search) =>
      toDuplicates(
        { session_id: search.session.id, attempt: search.session.attempt, ended: [], is_late: false },
        toRunId(search),
        search.runs,
      ),
    ),
  );
}

/**
 * No run was submitted: the sessions may start anew, but for those that somebody wants to end, and those whose launches have
 * come to nothing for so long that they would do so for ever.
 */
async function giveUpSearch(needs: PickNeeds, sessions: readonly UnknownSession[]): Promise<void> {
  const message = `No run was found within ${searchSeconds} s`;
  needs.metrics.searchesGivenUp.inc({ engine: needs.engine.name }, sessions.length);
  const wanted = sessions.filter(({ stop_reason }) => stop_reason === null);
  const timedOut = await listTimedOut(needs, wanted);
  const anew = wanted.filter(({ id }) => !timedOut.has(id));
  await move(
    needs,
    anew.map((session) => ({ ...toFence(session), from: "unknown", to: "pending", cause: "run_not_found", message })),
  );
  await end(needs, [
    ...sessions.filter(({ stop_reason }) => stop_reason !== null).map((session) => toCancel(needs, session)),
    ...wanted.filter(({ id }) => timedOut.has(id)).map((session) => toTimeout(needs, session)),
  ]);
}

/** By the first doubt of the attempt: each launch begins the rest anew. */
async function listTimedOut(
  { db, clock }: PickNeeds,
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

function toCancel({ clock }: PickNeeds, session: UnknownSession): SessionEnd {
  const error = session.stop_reason === "replaced" ? replacedError : null;
  return { ...toFence(session), from: "unknown", state: "canceled", cause: "canceled", endedAt: clock.now(), error };
}

function toTimeout({ clock }: PickNeeds, session: UnknownSession): SessionEnd {
  const seconds = session.launch_timeout_seconds;
  const message = `No launch had a clear answer, and no run was found, within launch_timeout_seconds (${seconds})`;
  const error = { code: "LAUNCH_TIMED_OUT", message, step: null };
  return { ...toFence(session), from: "unknown", state: "failed", endedAt: clock.now(), error };
}

async function end(needs: PickNeeds, ends: readonly SessionEnd[]): Promise<void> {
  const { ended, retrying } = await endSessions(needs.db, ends, { at: needs.clock.now(), actor: "scheduler" });
  countEnds(needs.metrics, ended);
  noteLost(needs, ends, [...ended, ...retrying.map((id) => ({ id }))]);
}

async function move(needs: PickNeeds, moves: readonly Move[]): Promise<readonly { readonly id: string }[]> {
  const moved = await moveSessions(needs.db, moves, { at: needs.clock.now(), actor: "scheduler" });
  noteLost(needs, moves, moved);
  return moved;
}

function noteLost(needs: PickNeeds, tried: readonly Fence[], done: readonly { readonly id: string }[]): void {
  const ids = new Set(done.map(({ id }) => id));
  for (const fence of tried) if (!ids.has(fence.id)) noteLostLease(needs, fence, "reconcile");
}

function toFence({ id, lease_token }: UnknownSession): Fence {
  return { id, leaseToken: lease_token };
}

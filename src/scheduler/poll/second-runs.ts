import { sql } from "kysely";
import type { EngineRun } from "../../engines/engine.ts";
import type { EngineContext } from "../context.ts";
import { type Duplicate, endDuplicates } from "../search/duplicates.ts";
import type { RunningSession } from "./queries.ts";

/**
 * Searches once after each launch for further runs of the session: a proxy that repeats a request makes two, and answers with the
 * second. The oldest run stays, as after a launch without a clear answer; the others are asked to end, and counted.
 *
 * Before the statuses of the page are asked, since a run may have ended by now and the other may go on. A search that fails is logged
 * and repeated at the next poll.
 *
 * @returns the page, with the runs that the sessions have from here on
 */
export async function endSecondRuns(
  context: EngineContext,
  sessions: readonly RunningSession[],
): Promise<readonly RunningSession[]> {
  const unchecked = context.engine.durable ? sessions.filter(({ runs_checked }) => !runs_checked) : [];
  if (unchecked.length === 0) return sessions;
  const searched = await searchRuns(context, unchecked);
  const kept = await keepOldest(context, searched);
  await endDuplicates(
    context,
    searched.flatMap((each) => listOthers(each, kept.get(each.session.id))),
  );
  return sessions.map((session) => ({ ...session, run_id: kept.get(session.id) ?? session.run_id }));
}

interface Searched {
  readonly session: RunningSession;
  /** Oldest first. */
  readonly runs: readonly EngineRun[];
}

async function searchRuns(
  { engine, log }: EngineContext,
  sessions: readonly RunningSession[],
): Promise<readonly Searched[]> {
  try {
    const results = await engine.listRuns(sessions.map(({ id, attempt }) => ({ sessionId: id, attempt })));
    return sessions.flatMap((session, index) => {
      const runs = results[index] ?? null;
      return runs === null ? [] : [{ session, runs }];
    });
  } catch (error) {
    log.warn({ engine: engine.name, err: error }, "second runs of new launches could not be searched");
    return [];
  }
}

/**
 * Marks the sessions as checked, and gives each its oldest run. Sessions with several runs become doubtful launches, whose further
 * runs are checked until they have ended (doubtful-launches.ts). A session that is one already keeps its run: another process may be
 * ending its other runs.
 *
 * @returns the run of each session; sessions of a lost lease are missing
 */
async function keepOldest(
  { db, clock }: EngineContext,
  searched: readonly Searched[],
): Promise<ReadonlyMap<string, string>> {
  if (searched.length === 0) return new Map();
  const oldest = searched.map(
    ({ session, runs }) => runs.find(({ isSubmitted }) => isSubmitted)?.runId ?? session.run_id,
  );
  const { rows } = await sql<{ id: string; run_id: string }>`
    with found as (
      select * from unnest(${searched.map(({ session }) => session.id)}::uuid[],
        ${searched.map(({ session }) => session.lease_token)}::integer[], ${searched.map(({ session }) => session.run_id)}::text[],
        ${oldest}::text[], ${searched.map((each) => listOthers(each, each.session.run_id).length)}::integer[],
        ${searched.map(() => "running")}::text[]) as f (id, lease_token, run_id, oldest, others, state)
    ), kept as (
      select f.id, f.lease_token, f.run_id as previous, f.state, f.others,
        case when d.session_id is null then f.oldest else f.run_id end as run_id
      from found as f join ailbl_session as s on s.id = f.id
        left join ailbl_doubtful_launch as d on d.session_id = s.id and d.attempt = s.attempt
    ), checked as (
      update ailbl_session as s set runs_checked = true, run_id = k.run_id,
        version = s.version + (k.run_id <> k.previous)::integer
      from kept as k where s.id = k.id and s.state = k.state and s.lease_token = k.lease_token and s.run_id = k.previous
      returning s.id, s.attempt, s.engine, s.run_id, k.previous, k.others
    ), doubtful as (
      insert into ailbl_doubtful_launch (session_id, attempt, engine, since, check_at)
      select id, attempt, engine, now(), now() from checked where others > 0
      on conflict (session_id, attempt) do nothing
    ), history as (
      insert into ailbl_session_event (session_id, at, from_state, to_state, attempt, actor, cause, message)
      select id, ${clock.now()}::timestamptz, 'running', 'running', attempt, 'scheduler', 'older_run_found',
        'The launch had made the run ' || run_id || ' before: it stays, and ' || previous || ' is ended'
      from checked where run_id <> previous
    )
    select id, run_id from checked`.execute(db);
  return new Map(rows.map(({ id, run_id }) => [id, run_id]));
}

/** The runs of a session beside the run that it keeps; none if another process has the session. */
function listOthers({ session, runs }: Searched, keptId: string | undefined): Duplicate[] {
  if (keptId === undefined) return [];
  const launch = { session_id: session.id, attempt: session.attempt, ended: [], is_late: false };
  const ids = new Set([session.run_id, ...runs.map(({ runId }) => runId)]);
  return [...ids].filter((runId) => runId !== keptId).map((runId) => ({ launch, runId }));
}

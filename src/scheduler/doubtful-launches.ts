import { sql } from "kysely";
import type { Database } from "../platform/database/tables.ts";
import { type FoundRun, maxStatusIds } from "./engines/engine.ts";
import type { PickNeeds } from "./pick.ts";
import type { SessionState } from "./states.ts";
import type {} from "./tables.ts";

/**
 * How long after a launch without a clear answer its run may still appear: a server can go on with a request that nobody waits
 * for any more, and a process that stood still can send one late.
 */
const watchSeconds = 15 * 60;

/** The next look comes after a tenth of what has passed, so that one launch costs a few dozen looks, and a batch of them one. */
const leastPauseSeconds = 15;

const batchSize = 100;

interface DoubtfulLaunch {
  readonly session_id: string;
  readonly attempt: number;
  /** Of the session now; null when it is not this engine's any more. */
  readonly state: SessionState | null;
  readonly session_attempt: number | null;
  readonly run_id: string | null;
}

interface Duplicate {
  readonly sessionId: string;
  readonly runId: string;
}

/**
 * Looks again for the runs of launches that had no clear answer, and ends those that are not their session's: of all that a
 * launch may have made, one stays. Any process may do it, also two at once.
 *
 * @returns how many runs were ended
 */
export async function watchDoubtfulLaunches(needs: PickNeeds): Promise<number> {
  const { db, engine } = needs;
  const launches = await takeDoubtfulLaunches(db, engine.name);
  if (launches.length === 0) return 0;
  const found = await engine.findRuns(launches.map(({ session_id, attempt }) => ({ sessionId: session_id, attempt })));
  return endDuplicates(
    needs,
    launches.flatMap((launch, index) => listForeign(launch, found[index] ?? [])),
  );
}

/** Those that are due, a batch: what is asked of the engine is bounded, also when it was away from thousands. */
async function takeDoubtfulLaunches(db: Database, engine: string): Promise<DoubtfulLaunch[]> {
  const { rows } = await sql<DoubtfulLaunch>`
    with due as (
      select session_id, attempt, since from ailbl_doubtful_launch where engine = ${engine} and check_at <= now()
      order by check_at limit ${batchSize} for update skip locked
    ), settled as (
      delete from ailbl_doubtful_launch as d using due
      where d.session_id = due.session_id and d.attempt = due.attempt
        and due.since < now() - make_interval(secs => ${watchSeconds})
    ), put_off as (
      update ailbl_doubtful_launch as d
      set check_at = now() + greatest(make_interval(secs => ${leastPauseSeconds}), (now() - d.since) / 10)
      from due where d.session_id = due.session_id and d.attempt = due.attempt
        and due.since >= now() - make_interval(secs => ${watchSeconds})
    )
    select due.session_id, due.attempt, s.state, s.attempt as session_attempt, s.run_id
    from due left join ailbl_session as s on s.id = due.session_id and s.engine = ${engine}`.execute(db);
  return rows;
}

/**
 * The session's own run stays, whichever came first: its row says which that is, so that no two processes end each other's. A
 * session that has none yet takes one itself, when it is looked for (reconcile.ts) or launched again (launch.ts).
 */
function listForeign(launch: DoubtfulLaunch, found: readonly FoundRun[]): Duplicate[] {
  const isUndecided =
    launch.attempt === launch.session_attempt && ["pending", "claimed", "unknown"].includes(launch.state ?? "");
  if (isUndecided) return [];
  return toDuplicates(launch.session_id, launch.run_id, found);
}

/** All but the session's own. */
export function toDuplicates(sessionId: string, ownRunId: string | null, found: readonly FoundRun[]): Duplicate[] {
  return found.filter(({ runId }) => runId !== ownRunId).map(({ runId }) => ({ sessionId, runId }));
}

/** Ends those that are not over. @returns how many these were */
export async function endDuplicates(
  { engine, log, metrics }: Pick<PickNeeds, "engine" | "log" | "metrics">,
  duplicates: readonly Duplicate[],
): Promise<number> {
  const first = duplicates.slice(0, maxStatusIds);
  if (first.length === 0) return 0;
  const statuses = await engine.status(first.map(({ runId }) => runId));
  const live = first.filter(({ runId }) => {
    const status = statuses.get(runId);
    return status !== undefined && !("endedAt" in status);
  });
  for (const { sessionId, runId } of live)
    log.warn({ session_id: sessionId, run_id: runId, engine: engine.name }, "a second run of a session is ended");
  metrics.duplicateRuns.inc({ engine: engine.name }, live.length);
  await engine.cancel(live.map(({ runId }) => runId));
  return live.length;
}

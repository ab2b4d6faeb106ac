import { sql } from "kysely";
import { type Engine, type EngineRun, maxStatusIds } from "../../engines/engine.ts";
import type { SessionState } from "../../sessions/states.ts";
import type { EngineContext } from "../context.ts";

/** A run that goes on this long after it was asked to end is given up, as in poll.ts. */
export const stopPatienceSeconds = 5 * 60;

/** A launch that had no clear answer, with its session as it is now. */
export interface DoubtfulLaunch {
  readonly session_id: string;
  readonly attempt: number;
  /** No run can appear any more. */
  readonly is_old: boolean;
  /** Runs that were asked to end at the first check have had the time for it. */
  readonly is_late: boolean;
  /** Runs that were asked to end. */
  readonly ended: readonly string[];
  /** Null if the session belongs to another engine now, or does not exist. */
  readonly state: SessionState | null;
  readonly session_attempt: number | null;
  readonly run_id: string | null;
}

/** A run beside its session's own. */
export interface Duplicate {
  readonly launch: Pick<DoubtfulLaunch, "session_id" | "attempt" | "ended" | "is_late">;
  readonly runId: string;
}

/**
 * All runs but the session's own. The session's row says which run that is, not the order of the runs, so that two processes
 * never end each other's run.
 */
export function toDuplicates(
  launch: Duplicate["launch"],
  ownRunId: string | null,
  runs: readonly EngineRun[],
): Duplicate[] {
  return runs.filter(({ runId }) => runId !== ownRunId).map(({ runId }) => ({ launch, runId }));
}

/** The outcome of one check. */
export interface EndedDuplicates {
  /** Runs that were asked to end for the first time. */
  readonly asked: number;
  /** Launches with a duplicate that still goes on. */
  readonly live: ReadonlySet<Duplicate["launch"]>;
}

/**
 * Asks duplicates that go on to end, at every check: an engine may refuse a run that is about to start, and a request may be
 * lost. A run that goes on long after the first request is given up.
 */
export async function endDuplicates(
  context: EngineContext,
  duplicates: readonly Duplicate[],
): Promise<EndedDuplicates> {
  const { engine, metrics } = context;
  const live = await listLive(engine, duplicates);
  const isAsked = ({ launch, runId }: Duplicate) => launch.ended.includes(runId);
  const fresh = live.filter((duplicate) => !isAsked(duplicate));
  for (const duplicate of fresh) await recordDuplicate(context, duplicate);
  metrics.duplicateRuns.inc({ engine: engine.name }, fresh.length);
  const isOverdue = (duplicate: Duplicate) => isAsked(duplicate) && duplicate.launch.is_late;
  const toRunIds = (some: readonly Duplicate[]) => some.map(({ runId }) => runId);
  await engine.cancel(toRunIds(live.filter((duplicate) => !isOverdue(duplicate))));
  await engine.cancel(toRunIds(live.filter(isOverdue)), { force: true });
  return { asked: fresh.length, live: new Set(live.map(({ launch }) => launch)) };
}

async function listLive(engine: Engine, duplicates: readonly Duplicate[]): Promise<Duplicate[]> {
  const live: Duplicate[] = [];
  for (let start = 0; start < duplicates.length; start += maxStatusIds) {
    const page = duplicates.slice(start, start + maxStatusIds);
    const statuses = await engine.status(page.map(({ runId }) => runId));
    const isLive = ({ runId }: Duplicate) => {
      const status = statuses.get(runId);
      return status !== undefined && !("endedAt" in status);
    };
    live.push(...page.filter(isLive));
  }
  return live;
}

/** Recorded in the row, so that the run is counted once, whichever process checks next. */
async function recordDuplicate({ db, engine, log }: EngineContext, { launch, runId }: Duplicate): Promise<void> {
  log.warn({ session_id: launch.session_id, run_id: runId, engine: engine.name }, "a second run of a session is ended");
  await sql`update ailbl_doubtful_launch set ended = array_append(ended, ${runId}::text)
    where session_id = ${launch.session_id} and attempt = ${launch.attempt}`.execute(db);
}

import { sql } from "kysely";
import { type Engine, type EngineRun, maxStatusIds } from "../../engines/engine.ts";
import type { SessionState } from "../../sessions/states.ts";
import type { PickNeeds } from "../context.ts";

/** A run beside its session's own. */
export interface Duplicate {
  readonly launch: Pick<DoubtfulLaunch, "session_id" | "attempt" | "ended" | "is_late">;
  readonly runId: string;
}

/**
 * All but the session's own, which stays, whichever came first: its row says which that is, so that no two processes end each
 * other's.
 */
export function toDuplicates(
  launch: Duplicate["launch"],
  ownRunId: string | null,
  found: readonly EngineRun[],
): Duplicate[] {
  return found.filter(({ runId }) => runId !== ownRunId).map(({ runId }) => ({ launch, runId }));
}

export interface EndedDuplicates {
  readonly asked: number;
  readonly live: ReadonlySet<Duplicate["launch"]>;
}

/**
 * Asks those that are not over to end, again at every look: an engine may refuse one that is about to start, and an ask may be
 * lost. One that goes on long after it was asked is given up.
 *
 * @returns how many were asked for the first time, and the launches that have one which was not seen to be over
 */
export async function endDuplicates(needs: PickNeeds, duplicates: readonly Duplicate[]): Promise<EndedDuplicates> {
  const { engine, metrics } = needs;
  const live = await listLive(engine, duplicates);
  const isAsked = ({ launch, runId }: Duplicate) => launch.ended.includes(runId);
  const fresh = live.filter((duplicate) => !isAsked(duplicate));
  for (const duplicate of fresh) await noteDuplicate(needs, duplicate);
  metrics.duplicateRuns.inc({ engine: engine.name }, fresh.length);
  const isLate = (duplicate: Duplicate) => isAsked(duplicate) && duplicate.launch.is_late;
  const toRunIds = (some: readonly Duplicate[]) => some.map(({ runId }) => runId);
  await engine.cancel(toRunIds(live.filter((duplicate) => !isLate(duplicate))));
  await engine.cancel(toRunIds(live.filter(isLate)), { force: true });
  return { asked: fresh.length, live: new Set(live.map(({ launch }) => launch)) };
}

export async function listLive(engine: Engine, duplicates: readonly Duplicate[]): Promise<Duplicate[]> {
  const live: Duplicate[] = [];
  for (let start = 0; start < duplicates.length; start += maxStatusIds) {
    const some = duplicates.slice(start, start + maxStatusIds);
    const statuses = await engine.status(some.map(({ runId }) => runId));
    const isLive = ({ runId }: Duplicate) => {
      const status = statuses.get(runId);
      return status !== undefined && !("endedAt" in status);
    };
    live.push(...some.filter(isLive));
  }
  return live;
}

/** So that it is counted once, whoever looks. */
export async function noteDuplicate({ db, engine, log }: PickNeeds, { launch, runId }: Duplicate): Promise<void> {
  log.warn({ session_id: launch.session_id, run_id: runId, engine: engine.name }, "a second run of a session is ended");
  await sql`update ailbl_doubtful_launch set ended = array_append(ended, ${runId}::text)
    where session_id = ${launch.session_id} and attempt = ${launch.attempt}`.execute(db);
}

/** As long as poll.ts waits for a run to end. */
export const stopPatienceSeconds = 5 * 60;
export interface DoubtfulLaunch {
  readonly session_id: string;
  readonly attempt: number;
  /** The watch is over. */
  readonly is_old: boolean;
  /** Runs that were asked to end at the beginning have had the time for it. */
  readonly is_late: boolean;
  /** Runs that were asked to end. */
  readonly ended: readonly string[];
  /** Of the session now; null when it is not this engine's any more. */
  readonly state: SessionState | null;
  readonly session_attempt: number | null;
  readonly run_id: string | null;
}

import type { EngineRun, LaunchOutcome } from "../../engines/engine.ts";
import type { EngineContext } from "../context.ts";
import type { Launch } from "./prepare.ts";

/** A launch with the engine's answer; `late`: the engine was not asked. */
export interface AnsweredLaunch extends Launch {
  readonly outcome: LaunchOutcome | { readonly outcome: "late" };
}

/**
 * Half of a lease. A process that reaches a launch later than this, after a stand-still or behind many others, leaves it:
 * the lease may expire before the answer comes, and another process would launch the session too.
 */
const maxDelaySeconds = 30;

/**
 * How long an engine may answer that it cannot launch a session yet, before that is final: as long as a code location may
 * take to be reloaded.
 */
const graceSeconds = 5 * 60;

/**
 * Asks the engine to launch all sessions at once.
 *
 * @param startedAt when the batch was claimed, by `performance.now()`
 * @param onAnswer called for each launch as soon as its answer is there: a launch that hangs delays no other
 * @returns the results of `onAnswer`; an error of a single launch is logged and leaves the others alone
 */
export async function askEngine<Result>(
  context: EngineContext,
  launches: readonly Launch[],
  startedAt: number,
  onAnswer: (launch: AnsweredLaunch) => Promise<Result>,
): Promise<Result[]> {
  const known = await findExistingRuns(context, launches);
  const results = await Promise.allSettled(
    launches.map(async (launch) => {
      const isLate = performance.now() - startedAt > maxDelaySeconds * 1000;
      const existing = known.get(launch.fence.id) ?? (isLate ? { outcome: "late" as const } : null);
      const outcome = existing ?? (await context.engine.launch(launch.request));
      return onAnswer({ ...launch, outcome: endGrace(context, launch, outcome) });
    }),
  );
  return results.flatMap((result, index) => {
    if (result.status === "fulfilled") return [result.value];
    const id = launches[index]?.fence.id;
    context.log.error({ session_id: id, err: result.reason }, "session could not be launched");
    return [];
  });
}

/**
 * Runs of sessions that were launched before without a clear answer: the run may exist by now, even if it was not found
 * earlier. Without an answer here, the session is not launched.
 */
async function findExistingRuns(
  { engine, log }: EngineContext,
  launches: readonly Launch[],
): Promise<ReadonlyMap<string, LaunchOutcome>> {
  const attempts = launches
    .filter(({ isDoubtful }) => isDoubtful)
    .map(({ request: { sessionId, attempt } }) => ({ sessionId, attempt }));
  if (attempts.length === 0) return new Map();
  try {
    const runs = await engine.listRuns(attempts);
    return new Map(
      attempts.flatMap(({ sessionId }, index) => {
        const outcome = toExisting(runs[index] ?? null);
        return outcome === null ? [] : [[sessionId, outcome] as const];
      }),
    );
  } catch (error) {
    log.warn({ engine: engine.name, err: error }, "the runs of earlier launches could not be searched");
    return new Map(attempts.map(({ sessionId }) => [sessionId, unsearched]));
  }
}

const unsearched: LaunchOutcome = {
  outcome: "unreachable",
  message: "An earlier launch had no clear answer, and its run could not be searched",
};

/**
 * @param runs null if the engine could not search
 * @returns null if no run exists, so that the session may be launched
 */
function toExisting(runs: readonly EngineRun[] | null): LaunchOutcome | null {
  if (runs === null) return unsearched;
  const run = runs.find(({ isSubmitted }) => isSubmitted);
  return run === undefined ? null : { outcome: "launched", runId: run.runId, isAdopted: true };
}

/** `not_ready` for longer than the grace becomes `refused`. */
function endGrace(
  { clock }: EngineContext,
  { notReadySince }: Launch,
  outcome: AnsweredLaunch["outcome"],
): AnsweredLaunch["outcome"] {
  if (outcome.outcome !== "not_ready" || notReadySince === null) return outcome;
  const seconds = (clock.now().getTime() - notReadySince.getTime()) / 1000;
  return seconds > graceSeconds ? { outcome: "refused", error: outcome.error } : outcome;
}

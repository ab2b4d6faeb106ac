import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import { type TerminateResult, terminateAnswer } from "./answers.ts";
import { type DagsterClient, toException, toUnauthorized } from "./client.ts";
import { terminateDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toLine } from "./words.ts";

/** Dagster ends them one after the other, asking the code location of each. */
const runsPerRequest = 50;
const terminateSeconds = 20;
/** Who polls asks at every turn until a run has ended. */
const pauseMilliseconds = 10_000;
/** Of one call, after which nothing more is asked in it: a poll waits for it. */
const mostMilliseconds = 15_000;

/** As long as a webserver may take to submit a run that it has written down. */
const submittingSeconds = 60;

interface CancelNeeds {
  readonly client: DagsterClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly monotonic: () => number;
}

export type Cancel = (runIds: readonly string[], options?: { readonly force: boolean }) => Promise<void>;

/** Rejects for nothing that Dagster does: what came to nothing is logged, and asked again by whoever sees the run go on. */
export function createCancel(needs: CancelNeeds): Cancel {
  const { monotonic, log } = needs;
  const askedAt = new Map<string, number>();
  /** There was no time for them: they come first. */
  const left = new Set<string>();

  function takeUnasked(ids: readonly string[]): string[] {
    const now = monotonic();
    for (const [id, at] of askedAt) if (now - at >= pauseMilliseconds) askedAt.delete(id);
    const unasked = ids.filter((id) => !askedAt.has(id));
    for (const id of unasked) askedAt.set(id, now);
    return unasked;
  }

  function leave(ids: readonly string[]): void {
    for (const id of ids) {
      askedAt.delete(id);
      left.add(id);
    }
  }

  return async (runIds, { force } = { force: false }) => {
    const until = monotonic() + mostMilliseconds;
    const wanted = [...new Set(runIds)].sort((one, other) => Number(left.has(other)) - Number(left.has(one)));
    for (const id of wanted) left.delete(id);
    const ids = force ? wanted : takeUnasked(wanted);
    for (let start = 0; start < ids.length; start += runsPerRequest) {
      const isHeard = await tryTerminate(ids.slice(start, start + runsPerRequest), { force, until });
      if (isHeard) continue;
      // The rest would wait for the same silence. They are asked at the next turn.
      leave(ids.slice(start + runsPerRequest));
      return;
    }
  };

  /** @returns whether Dagster answered, and may be asked for more */
  async function tryTerminate(runIds: readonly string[], how: How): Promise<boolean> {
    try {
      const stuck = await terminate(needs, runIds, how.force);
      if (stuck.length > 0) await terminate(needs, stuck, true);
      return monotonic() < how.until;
    } catch (error) {
      if (!(error instanceof DagsterFault)) throw error;
      // Dagster leaves off at the first whose code location is away: the others need not wait for that.
      if (error.kind === "failing" && runIds.length > 1) return terminateSingly(runIds, how);
      if (!error.mayHaveRun) for (const id of runIds) askedAt.delete(id);
      // While the connection is left alone, nothing new is learnt at every turn.
      if (error.kind !== "resting") log.warn({ run_ids: runIds, reason: error.message }, "runs could not be canceled");
      return error.kind === "failing" && monotonic() < how.until;
    }
  }

  async function terminateSingly(runIds: readonly string[], how: How): Promise<boolean> {
    for (const [index, runId] of runIds.entries()) {
      if (await tryTerminate([runId], how)) continue;
      leave(runIds.slice(index + 1));
      return false;
    }
    return true;
  }
}

interface How {
  readonly force: boolean;
  /** By the monotonic clock. */
  readonly until: number;
}

/** @returns those that were written down long ago and never submitted: they can be given up alone */
async function terminate(needs: CancelNeeds, runIds: readonly string[], force: boolean): Promise<string[]> {
  const { client, log, clock } = needs;
  const { terminateRuns } = await client.ask({
    operation: "TerminateRuns",
    document: terminateDocument,
    variables: { runIds, policy: force ? "MARK_AS_CANCELED_IMMEDIATELY" : "SAFE_TERMINATE" },
    answer: terminateAnswer,
    timeoutSeconds: terminateSeconds,
  });
  if (terminateRuns.__typename === "PythonError") throw toException(terminateRuns.message);
  const results = terminateRuns.terminateRunResults;
  for (const result of results) {
    const reason = findReason(result);
    if (reason !== null) log.warn({ reason }, "a run could not be canceled");
  }
  const before = clock.now().getTime() / 1000 - submittingSeconds;
  return results.flatMap((result) =>
    result.__typename === "TerminateRunFailure" &&
    result.run.status === "NOT_STARTED" &&
    result.run.creationTime < before
      ? [result.run.runId]
      : [],
  );
}

/** Null where there is nothing to tell: the run has been asked to end, has ended, or is gone. */
function findReason(result: TerminateResult): string | null {
  switch (result.__typename) {
    case "TerminateRunSuccess":
    case "RunNotFoundError":
      return null;
    case "TerminateRunFailure":
      return /due to having status/.test(result.message) ? null : toLine(result.message);
    case "UnauthorizedError":
      return toUnauthorized(result.message).message;
    case "PythonError":
      return toLine(result.message);
    default:
      return result satisfies never;
  }
}

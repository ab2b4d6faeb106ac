import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import { type TerminateResult, terminateAnswer } from "./answers.ts";
import { type DagsterClient, toException, toUnauthorized } from "./client.ts";
import { terminateDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toLine } from "./words.ts";

/** Dagster ends the runs of a request one after the other, and asks the code location of each. */
const runsPerRequest = 50;
/** Pause before the same run is asked again: every turn of poll calls this until the run has ended. */
const pauseMilliseconds = 10_000;
/** Time for one call with all its requests, since a turn of poll waits for it, and so does the stop of a process. */
const maxMilliseconds = 15_000;
/** For a last request at the end of that time. */
const minSeconds = 1;

/** How long a webserver may take to submit a run that it has recorded. */
const submittingSeconds = 60;

interface CancelNeeds {
  readonly client: DagsterClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly monotonic: () => number;
}

/** {@link Engine.cancel} of a Dagster. */
export type Cancel = (runIds: readonly string[], options?: { readonly force: boolean }) => Promise<void>;

/**
 * Creates the cancel function of an engine. A fault of Dagster is logged and never rejects: a later turn sees that the run goes on,
 * and asks again.
 */
export function createCancel(needs: CancelNeeds): Cancel {
  const { monotonic, log } = needs;
  const askedAt = new Map<string, number>();
  /** Runs for which the last call had no time. They come first in the next. */
  const postponed = new Set<string>();

  function takeUnasked(ids: readonly string[]): string[] {
    const now = monotonic();
    for (const [id, at] of askedAt) if (now - at >= pauseMilliseconds) askedAt.delete(id);
    const unasked = ids.filter((id) => !askedAt.has(id));
    for (const id of unasked) askedAt.set(id, now);
    return unasked;
  }

  function postpone(ids: readonly string[]): void {
    for (const id of ids) {
      askedAt.delete(id);
      postponed.add(id);
    }
  }

  return async (runIds, { force } = { force: false }) => {
    const until = monotonic() + maxMilliseconds;
    const ordered = [...new Set(runIds)].sort(
      (left, right) => Number(postponed.has(right)) - Number(postponed.has(left)),
    );
    for (const id of ordered) postponed.delete(id);
    const ids = force ? ordered : takeUnasked(ordered);
    for (let start = 0; start < ids.length; start += runsPerRequest) {
      const mayContinue = await tryTerminate(ids.slice(start, start + runsPerRequest), { force, until });
      if (mayContinue) continue;
      // The rest would wait for the same time-out. The next turn asks them.
      postpone(ids.slice(start + runsPerRequest));
      return;
    }
  };

  /** @returns whether Dagster answered and there is time for another request */
  async function tryTerminate(runIds: readonly string[], terminating: Terminating): Promise<boolean> {
    try {
      const stuck = await terminate(needs, runIds, terminating);
      if (stuck.length > 0) await terminate(needs, stuck, { ...terminating, force: true });
      return monotonic() < terminating.until;
    } catch (error) {
      if (!(error instanceof DagsterFault)) throw error;
      // Dagster stops at the first run whose code location is down. Single requests reach the others.
      if (error.kind === "failing" && runIds.length > 1) return terminateSingly(runIds, terminating);
      if (!error.mayHaveRun) for (const id of runIds) askedAt.delete(id);
      // While the breaker is open, every turn would log the same.
      if (error.kind !== "resting") log.warn({ run_ids: runIds, reason: error.message }, "runs could not be canceled");
      return error.kind === "failing" && monotonic() < terminating.until;
    }
  }

  async function terminateSingly(runIds: readonly string[], terminating: Terminating): Promise<boolean> {
    for (const [index, runId] of runIds.entries()) {
      if (await tryTerminate([runId], terminating)) continue;
      postpone(runIds.slice(index + 1));
      return false;
    }
    return true;
  }
}

interface Terminating {
  readonly force: boolean;
  /** The end of the time for this call, by the monotonic clock. */
  readonly until: number;
}

/**
 * Sends one request and logs each refusal.
 *
 * @returns runs that were recorded more than a minute ago and never submitted: only `force` ends those
 * @throws DagsterFault
 */
async function terminate(
  needs: CancelNeeds,
  runIds: readonly string[],
  { force, until }: Terminating,
): Promise<string[]> {
  const { client, log, clock, monotonic } = needs;
  const { terminateRuns } = await client.ask({
    operation: "TerminateRuns",
    document: terminateDocument,
    variables: { runIds, policy: force ? "MARK_AS_CANCELED_IMMEDIATELY" : "SAFE_TERMINATE" },
    answer: terminateAnswer,
    timeoutSeconds: Math.max(minSeconds, Math.round((until - monotonic()) / 1000)),
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

/** Null if there is nothing to log: the run was asked to end, has ended, or is gone. */
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

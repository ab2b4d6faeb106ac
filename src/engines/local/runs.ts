import type { Clock } from "../../platform/clock.ts";
import { createId } from "../../platform/id.ts";
import {
  createRunError,
  type LaunchRequest,
  type RunError,
  type RunStatus,
  type SessionAttempt,
  withRemains,
} from "../engine.ts";
import { startDeadline } from "./deadline.ts";
import type { LiveRun, RunEnd } from "./run.ts";

/** Starts the run of a job, with the limit of the jobs file. */
export interface Starter {
  /** Null for no limit. */
  readonly timeoutSeconds: number | null;
  start(): LiveRun;
}

type StopCause = "cancel" | "timeout" | "close";

type EndedStatus = Extract<RunStatus, { endedAt: Date }>;

interface Run {
  readonly request: LaunchRequest;
  readonly live: LiveRun;
  readonly startedAt: Date;
  stopCause: StopCause | null;
  /** Null while it runs. */
  end: EndedStatus | null;
}

/** Creates the table of this process's runs, each until it is forgotten. `onRunEnded` is called after each end. */
export function createLocalRuns(clock: Clock, onRunEnded: () => void) {
  const runs = new Map<string, Run>();

  function start(request: LaunchRequest, { timeoutSeconds, start: startLive }: Starter): string {
    const runId = createId();
    const startedAt = clock.now();
    const live = startLive();
    const run: Run = { request, live, startedAt, stopCause: null, end: null };
    runs.set(runId, run);
    const deadline = timeoutSeconds === null ? null : startDeadline(timeoutSeconds, () => stopRun(run, "timeout"));
    void live.ended.then((end) => {
      deadline?.clear();
      run.end = toEndedStatus(clock.now(), run, end);
      onRunEnded();
    });
    return runId;
  }

  function stop(runId: string): void {
    const run = runs.get(runId);
    if (run !== undefined) stopRun(run, "cancel");
  }

  function stopAll(): void {
    for (const run of runs.values()) stopRun(run, "close");
  }

  function listIds(attempt: SessionAttempt): string[] {
    return [...runs].filter(([, { request }]) => isOf(request, attempt)).map(([runId]) => runId);
  }

  function list() {
    return [...runs].map(([runId, { request, end }]) => ({
      runId,
      sessionId: request.sessionId,
      isOver: end !== null,
    }));
  }

  function findStatus(runId: string): RunStatus | undefined {
    const run = runs.get(runId);
    return run === undefined ? undefined : toStatus(run);
  }

  /** Does nothing while the run is under way. */
  function forget(runId: string): void {
    if (runs.get(runId)?.end !== null) runs.delete(runId);
  }

  async function waitUntilIdle(): Promise<void> {
    await Promise.all([...runs.values()].map(({ live }) => live.ended));
  }

  return { start, stop, stopAll, listIds, list, findStatus, forget, waitUntilIdle, count: () => runs.size };
}

/**
 * The first cause counts: a run that is canceled after its limit has timed out. A job that had ended by itself has no cause, for
 * example if it exited with 0 and processes that it left behind are being ended.
 */
function stopRun(run: Run, cause: StopCause): void {
  if (run.end !== null) return;
  const wasUnderWay = run.live.end();
  if (wasUnderWay) run.stopCause ??= cause;
}

function isOf(request: LaunchRequest, { sessionId, attempt }: SessionAttempt): boolean {
  return request.sessionId === sessionId && request.attempt === attempt;
}

function toStatus({ end, startedAt, live }: Run): RunStatus {
  return end ?? { state: "running", startedAt, output: live.output() };
}

function toEndedStatus(endedAt: Date, run: Run, { error, result, remains }: RunEnd): EndedStatus {
  const facts = { startedAt: run.startedAt, endedAt, result, output: run.live.output(), remains };
  // Before the exit code: a job that cleans up on SIGTERM may exit with 0, and has not done its work.
  if (run.stopCause !== null) {
    const state = run.stopCause === "cancel" ? "canceled" : "failed";
    return { state, ...facts, error: withRemains(stopErrors[run.stopCause], remains) };
  }
  return { state: error === null ? "succeeded" : "failed", ...facts, error };
}

const stopErrors: Readonly<Record<StopCause, RunError>> = {
  cancel: createRunError("RUN_CANCELED", "The run was canceled"),
  timeout: createRunError(
    "JOB_TIMED_OUT",
    "The run took longer than its timeout_seconds in the jobs file, and was ended",
  ),
  close: createRunError("ENGINE_STOPPED", "EOM was stopped while the job ran, and ended it"),
};

import { kinds } from "../../kinds/kinds.ts";
import type { Clock } from "../../platform/clock.ts";
import { createId } from "../../platform/id.ts";
import type { Logger } from "../../platform/log.ts";
import {
  createRunError,
  type Engine,
  type EngineJob,
  type JobReference,
  type JobVerdict,
  type LaunchOutcome,
  type LaunchRequest,
  type RunError,
  type RunStatus,
  type SessionAttempt,
} from "../engine.ts";
import type { BuiltIn } from "./built-in.ts";
import { startDeadline } from "./deadline.ts";
import type { DeclaredJob } from "./jobs-file.ts";
import { listMissingPrograms } from "./programs.ts";
import { type LiveRun, type RunEnd, startBuiltIn, startDeclared } from "./run.ts";

interface LocalEngineNeeds {
  readonly jobs: readonly DeclaredJob[];
  readonly builtIns: readonly BuiltIn[];
  readonly clock: Clock;
  readonly log: Logger;
  /** PATH of the runs. No other variable of EOM's environment reaches a run. */
  readonly path: string;
  /** Null for no limit. */
  readonly launchesPerSecond: number | null;
  /** Runs at once. */
  readonly maxRuns: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  /** Called after each end, so that poll records it soon. */
  readonly onRunEnded: () => void;
}

type StopCause = "cancel" | "timeout" | "close";

interface Run {
  readonly request: LaunchRequest;
  readonly live: LiveRun;
  readonly startedAt: Date;
  stopCause: StopCause | null;
  /** Null while it runs. */
  end: EndedStatus | null;
}

type EndedStatus = Extract<RunStatus, { endedAt: Date }>;

/** Creates the engine that runs built-in jobs in this process and declared jobs as its children. No run survives the process. */
export function createLocalEngine(needs: LocalEngineNeeds): Engine {
  const runs = new Map<string, Run>();
  const jobs = [...needs.builtIns.map(toBuiltInJob), ...needs.jobs.map(toDeclaredJob)];
  let isClosed = false;

  function launch(request: LaunchRequest): LaunchOutcome {
    if (isClosed)
      return {
        outcome: "refused",
        error: createRunError("ENGINE_STOPPED", "EOM was being stopped: nothing was launched"),
      };
    const starter = findStarter(needs, request);
    if (starter === null) return { outcome: "refused", error: unknownJob(request.job.name) };
    const runId = createId();
    const startedAt = needs.clock.now();
    const live = starter.start();
    const run: Run = { request, live, startedAt, stopCause: null, end: null };
    runs.set(runId, run);
    const deadline =
      starter.timeoutSeconds === null ? null : startDeadline(starter.timeoutSeconds, () => stop(run, "timeout"));
    void live.ended.then((end) => {
      deadline?.clear();
      run.end = toEndedStatus(needs.clock, run, end);
      needs.onRunEnded();
    });
    return { outcome: "launched", runId };
  }

  function stop(run: Run, cause: StopCause): void {
    if (run.end !== null) return;
    run.stopCause ??= cause;
    run.live.end();
  }

  const waitUntilIdle = async () => {
    await Promise.all([...runs.values()].map(({ live }) => live.ended));
  };

  return {
    name: "local",
    durable: false,
    launchesPerSecond: needs.launchesPerSecond,
    maxRuns: null,
    pollSeconds: 1,
    // Runs whose end is not recorded yet count: their output stays in memory until then.
    room: () => (isClosed ? 0 : Math.max(0, needs.maxRuns - runs.size)),
    launch: async (request) => launch(request),
    async listRuns(attempts) {
      return attempts.map((attempt) =>
        [...runs].flatMap(([runId, { request }]) => (isOf(request, attempt) ? [{ runId, isSubmitted: true }] : [])),
      );
    },
    async status(runIds) {
      return new Map(
        runIds.flatMap((id) => {
          const run = runs.get(id);
          return run === undefined ? [] : [[id, toStatus(run)] as const];
        }),
      );
    },
    async cancel(runIds) {
      for (const id of runIds) {
        const run = runs.get(id);
        if (run !== undefined) stop(run, "cancel");
      }
    },
    forget(runId) {
      if (runs.get(runId)?.end !== null) runs.delete(runId);
    },
    async check() {
      const problems = await listMissingPrograms(needs);
      if (problems.length > 0) return { state: "failing", detail: problems.join("; ") };
      return { state: "ok", detail: `${jobs.length} jobs, ${runs.size} of at most ${needs.maxRuns} runs here` };
    },
    jobs: async () => jobs,
    locations: async () => [],
    checkJob: async (reference) => checkJob(jobs, reference),
    toRunUrl: () => null,
    held: () =>
      [...runs].map(([runId, { request, end }]) => ({ runId, sessionId: request.sessionId, isOver: end !== null })),
    waitUntilIdle: waitUntilIdle,
    async close() {
      isClosed = true;
      for (const run of runs.values()) stop(run, "close");
      await waitUntilIdle();
    },
  };
}

function isOf(request: LaunchRequest, { sessionId, attempt }: SessionAttempt): boolean {
  return request.sessionId === sessionId && request.attempt === attempt;
}

/** Checks the name only: this engine has neither locations nor repositories, and a job checks its run config itself. */
function checkJob(jobs: readonly EngineJob[], { kind, job }: JobReference): JobVerdict {
  const offered = jobs.filter(({ kinds }) => kinds.includes(kind));
  const isOffered = job.location === null && job.repository === null && offered.some(({ name }) => name === job.name);
  if (isOffered) return { verdict: "accepted" };
  const names = offered.slice(0, maxNames).map(({ name }) => name);
  const offer = names.length === 0 ? "the engine has none" : `there is ${names.join(", ")}`;
  const message = `names no job for schedules of kind ${kind}: '${job.name}' is not known, ${offer}`;
  return { verdict: "refused", issues: [{ path: ["job", "name"], message, code: "unknown_job" }] };
}

const maxNames = 20;

interface Starter {
  readonly timeoutSeconds: number | null;
  start(): LiveRun;
}

function findStarter(
  { jobs, builtIns, path, graceSeconds, log }: LocalEngineNeeds,
  request: LaunchRequest,
): Starter | null {
  const builtIn = builtIns.find(({ name }) => name === request.job.name);
  if (builtIn !== undefined) return { timeoutSeconds: null, start: () => startBuiltIn(builtIn, request, log) };
  const job = jobs.find(({ name }) => name === request.job.name);
  if (job === undefined) return null;
  return { timeoutSeconds: job.timeout_seconds, start: () => startDeclared(job, request, { path, graceSeconds }) };
}

function unknownJob(name: string): RunError {
  return createRunError("JOB_UNKNOWN", `The local engine has no job '${name}' any more: add it to the jobs file`);
}

function toStatus({ end, startedAt, live }: Run): RunStatus {
  return end ?? { state: "running", startedAt, output: live.output() };
}

function toEndedStatus(clock: Clock, run: Run, end: RunEnd): EndedStatus {
  const facts = { startedAt: run.startedAt, endedAt: clock.now(), result: end.result, output: run.live.output() };
  if (end.error === null) return { state: "succeeded", ...facts, error: null };
  switch (run.stopCause) {
    case "cancel":
      return { state: "canceled", ...facts, error: createRunError("RUN_CANCELED", "The run was canceled") };
    case "timeout":
      return {
        state: "failed",
        ...facts,
        error: createRunError(
          "JOB_TIMED_OUT",
          "The run took longer than its timeout_seconds in the jobs file, and was ended",
        ),
      };
    case "close":
      return {
        state: "failed",
        ...facts,
        error: createRunError("ENGINE_STOPPED", "EOM was stopped while the job ran, and ended it"),
      };
    case null:
      return { state: "failed", ...facts, error: end.error };
    default:
      return run.stopCause satisfies never;
  }
}

function toBuiltInJob({ name, kinds, description }: BuiltIn): EngineJob {
  return { location: null, repository: null, name, kinds, description };
}

function toDeclaredJob({ name, command }: DeclaredJob): EngineJob {
  const all = kinds.map(({ kind }) => kind);
  return { location: null, repository: null, name, kinds: all, description: `Runs ${command[0]} on this machine` };
}

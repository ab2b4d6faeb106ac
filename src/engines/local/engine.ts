import { kinds } from "../../kinds/kinds.ts";
import type { Clock } from "../../platform/clock.ts";
import { createId } from "../../platform/id.ts";
import type { Logger } from "../../platform/log.ts";
import type {
  Engine,
  EngineJob,
  JobReference,
  JobVerdict,
  LaunchOutcome,
  LaunchRequest,
  RunError,
  RunStatus,
  SessionAttempt,
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
  /** Where programs are looked for; nothing else of our environment reaches a run. */
  readonly path: string;
  /** As many as come, unless given. */
  readonly launchesPerSecond?: number;
  /** Runs at once. */
  readonly maxRuns: number;
  /** Between asking a run to end and killing it. */
  readonly graceSeconds: number;
  /** Wakes whoever records ends. */
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

/** Runs jobs in this very process and as its children. Nothing of it outlives the process. */
export function createLocalEngine(needs: LocalEngineNeeds): Engine {
  const runs = new Map<string, Run>();
  const jobs = [...needs.builtIns.map(toBuiltInJob), ...needs.jobs.map(toDeclaredJob)];
  let isClosed = false;

  function launch(request: LaunchRequest): LaunchOutcome {
    if (isClosed) return { outcome: "refused", error: toError("ENGINE_STOPPED", "EOM was being stopped") };
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

  const settle = async () => {
    await Promise.all([...runs.values()].map(({ live }) => live.ended));
  };

  return {
    name: "local",
    durable: false,
    launchesPerSecond: needs.launchesPerSecond ?? null,
    maxRuns: null,
    pollSeconds: 1,
    // Runs whose end is not recorded yet count: their output is held until then.
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
    waitUntilIdle: settle,
    async close() {
      isClosed = true;
      for (const run of runs.values()) stop(run, "close");
      await settle();
    },
  };
}

function isOf(request: LaunchRequest, { sessionId, attempt }: SessionAttempt): boolean {
  return request.sessionId === sessionId && request.attempt === attempt;
}

/** It has neither locations nor repositories, and jobs judge their run configs themselves. */
function checkJob(jobs: readonly EngineJob[], { kind, job }: JobReference): JobVerdict {
  const offered = jobs.filter(({ kinds }) => kinds.includes(kind));
  const isOffered = job.location === null && job.repository === null && offered.some(({ name }) => name === job.name);
  if (isOffered) return { verdict: "accepted" };
  const names = offered.slice(0, mostNames).map(({ name }) => name);
  const offer = names.length === 0 ? "the engine has none" : `there is ${names.join(", ")}`;
  const message = `names no job for schedules of kind ${kind}: '${job.name}' is not known, ${offer}`;
  return { verdict: "refused", issues: [{ path: ["job", "name"], message, code: "unknown_job" }] };
}

const mostNames = 20;

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
  return toError("JOB_UNKNOWN", `The local engine has no job '${name}': it is not in the jobs file any more`);
}

function toStatus({ end, startedAt, live }: Run): RunStatus {
  return end ?? { state: "running", startedAt, output: live.output() };
}

function toEndedStatus(clock: Clock, run: Run, end: RunEnd): EndedStatus {
  const facts = { startedAt: run.startedAt, endedAt: clock.now(), result: end.result, output: run.live.output() };
  if (end.error === null) return { state: "succeeded", ...facts, error: null };
  switch (run.stopCause) {
    case "cancel":
      return { state: "canceled", ...facts, error: toError("RUN_CANCELED", "The run was canceled") };
    case "timeout":
      return {
        state: "failed",
        ...facts,
        error: toError("JOB_TIMED_OUT", "The run took longer than the jobs file allows and was ended"),
      };
    case "close":
      return {
        state: "failed",
        ...facts,
        error: toError("ENGINE_STOPPED", "EOM was stopped while the job ran, and ended it"),
      };
    case null:
      return { state: "failed", ...facts, error: end.error };
    default:
      return run.stopCause satisfies never;
  }
}

function toError(code: string, message: string): RunError {
  return { code, message, step: null };
}

function toBuiltInJob({ name, kinds, description }: BuiltIn): EngineJob {
  return { location: null, repository: null, name, kinds, description };
}

function toDeclaredJob({ name, command }: DeclaredJob): EngineJob {
  const all = kinds.map(({ kind }) => kind);
  return { location: null, repository: null, name, kinds: all, description: `Runs ${command[0]} on this machine` };
}

import { kinds } from "../../kinds/kinds.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import {
  createRunError,
  type Engine,
  type EngineCheck,
  type EngineJob,
  type JobIssue,
  type JobReference,
  type JobVerdict,
  type LaunchOutcome,
  type LaunchRequest,
  type RunStatus,
} from "../engine.ts";
import type { BuiltIn } from "./built-in.ts";
import type { DeclaredJob } from "./jobs-file.ts";
import type { ProcessUser } from "./process-group.ts";
import { listMissingPrograms } from "./programs.ts";
import { startBuiltIn, startDeclared } from "./run.ts";
import { createLocalRuns, type Starter } from "./runs.ts";

interface LocalEngineNeeds {
  readonly jobs: readonly DeclaredJob[];
  readonly builtIns: readonly BuiltIn[];
  readonly clock: Clock;
  readonly log: Logger;
  /** PATH of the runs. No other variable of EOM's environment reaches a run. */
  readonly path: string;
  /** The user of declared jobs; null or absent for EOM's own. */
  readonly user?: ProcessUser | null;
  /** Null for no limit. */
  readonly launchesPerSecond: number | null;
  /** Runs at once. */
  readonly maxRuns: number;
  /** Time between SIGTERM and SIGKILL. */
  readonly graceSeconds: number;
  /** Called after each end, so that poll records it soon. */
  readonly onRunEnded: () => void;
}

/** Creates the engine that runs built-in jobs in this process and declared jobs as its children. No run survives the process. */
export function createLocalEngine(needs: LocalEngineNeeds): Engine {
  const runs = createLocalRuns(needs.clock, needs.onRunEnded);
  const jobs = [...needs.builtIns.map(toBuiltInJob), ...needs.jobs.map(toDeclaredJob)];
  let isClosed = false;

  function launch(request: LaunchRequest): LaunchOutcome {
    if (isClosed) return refuse("ENGINE_STOPPED", "EOM was being stopped: nothing was launched");
    const starter = findStarter(needs, request);
    if (starter !== null) return { outcome: "launched", runId: runs.start(request, starter) };
    return refuse("JOB_UNKNOWN", `The local engine has no job '${request.job.name}' any more: add it to the jobs file`);
  }

  async function check(): Promise<EngineCheck> {
    const problems = await listMissingPrograms(needs);
    if (problems.length > 0) return { state: "failing", detail: problems.join("; ") };
    return { state: "ok", detail: `${jobs.length} jobs, ${runs.count()} of at most ${needs.maxRuns} runs here` };
  }

  function listStatuses(runIds: readonly string[]): ReadonlyMap<string, RunStatus> {
    const statuses = new Map<string, RunStatus>();
    for (const id of runIds) {
      const status = runs.findStatus(id);
      if (status !== undefined) statuses.set(id, status);
    }
    return statuses;
  }

  return {
    name: "local",
    durable: false,
    launchesPerSecond: needs.launchesPerSecond,
    maxRuns: null,
    maxRunsHere: needs.maxRuns,
    pollSeconds: 1,
    // Runs whose end is not recorded yet count: their output stays in memory until then.
    room: () => (isClosed ? 0 : Math.max(0, needs.maxRuns - runs.count())),
    launch: async (request) => launch(request),
    listRuns: async (attempts) =>
      attempts.map((attempt) => runs.listIds(attempt).map((runId) => ({ runId, isSubmitted: true }))),
    status: async (runIds) => listStatuses(runIds),
    async cancel(runIds) {
      for (const id of runIds) runs.stop(id);
    },
    forget: runs.forget,
    check,
    jobs: async () => jobs,
    locations: async () => [],
    checkJob: async (reference) => checkJob(jobs, reference),
    toRunUrl: () => null,
    held: runs.list,
    waitUntilIdle: runs.waitUntilIdle,
    async close() {
      isClosed = true;
      runs.stopAll();
      await runs.waitUntilIdle();
    },
  };
}

function refuse(code: string, message: string): LaunchOutcome {
  return { outcome: "refused", error: createRunError(code, message) };
}

const maxNames = 20;

/** Checks where the job is and its name: a job checks its run config itself. */
function checkJob(jobs: readonly EngineJob[], { kind, job }: JobReference): JobVerdict {
  const issues = [...listPlaceIssues(job), ...listNameIssues(jobs, kind, job.name)];
  return issues.length === 0 ? { verdict: "accepted" } : { verdict: "refused", issues };
}

function listPlaceIssues(job: JobReference["job"]): JobIssue[] {
  return (["location", "repository"] as const)
    .filter((field) => job[field] !== null)
    .map((field) => ({
      path: ["job", field],
      message: `must be null or left out, since the jobs of the local engine have no ${field}: it is '${job[field]}'`,
      code: "unknown_job",
    }));
}

/** The API process checks jobs that a worker runs. */
const withoutFileHint =
  "This process has no EOM_JOBS_FILE: every process of EOM needs the same jobs file, also one that runs `eom api` alone";

/** A declared job serves every kind, so a job that serves some kinds only is built in. */
function isDeclared({ kinds: served }: EngineJob): boolean {
  return served.length === kinds.length;
}

function listNameIssues(jobs: readonly EngineJob[], kind: number, name: string): JobIssue[] {
  const isWithoutFile = !jobs.some(isDeclared);
  const offered = jobs.filter(({ kinds }) => kinds.includes(kind));
  if (offered.some((job) => job.name === name)) return [];
  const names = offered.slice(0, maxNames).map((job) => job.name);
  const offer = names.length === 0 ? "the engine has none" : `there is ${names.join(", ")}`;
  const isOfOtherKind = jobs.some((job) => job.name === name);
  const problem = isOfOtherKind ? `'${name}' serves schedules of other kinds` : `'${name}' is not known`;
  const hint = isWithoutFile && !isOfOtherKind ? `. ${withoutFileHint}` : "";
  const message = `names no job for schedules of kind ${kind}: ${problem}, ${offer}${hint}`;
  return [{ path: ["job", "name"], message, code: "unknown_job" }];
}

function findStarter(
  { jobs, builtIns, path, user = null, graceSeconds, log }: LocalEngineNeeds,
  request: LaunchRequest,
): Starter | null {
  const builtIn = builtIns.find(({ name }) => name === request.job.name);
  if (builtIn !== undefined) return { timeoutSeconds: null, start: () => startBuiltIn(builtIn, request, log) };
  const job = jobs.find(({ name }) => name === request.job.name);
  if (job === undefined) return null;
  return {
    timeoutSeconds: job.timeout_seconds,
    start: () => startDeclared(job, request, { log, path, user, graceSeconds }),
  };
}

function toBuiltInJob({ name, kinds, description }: BuiltIn): EngineJob {
  return { location: null, repository: null, name, kinds, description };
}

function toDeclaredJob({ name, command }: DeclaredJob): EngineJob {
  const all = kinds.map(({ kind }) => kind);
  return { location: null, repository: null, name, kinds: all, description: `Runs ${command[0]} on this machine` };
}

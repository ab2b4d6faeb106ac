import { type FakeJob, fakeJobs, listConfigErrors } from "./fake-jobs.ts";
import type { createFakeRuns, FakeRun, FakeTag } from "./fake-runs.ts";

export interface FakeLocation {
  readonly name: string;
  readonly repository: string;
  state: "loaded" | "loading" | "failed";
}

export interface FakeWorld {
  readonly runs: ReturnType<typeof createFakeRuns>;
  readonly locations: FakeLocation[];
  hasDaemon: boolean;
  hasQueue: boolean;
}

interface Selector {
  readonly repositoryName: string;
  readonly repositoryLocationName: string;
}

interface LaunchArguments {
  readonly executionParams: {
    readonly selector: Selector & { readonly jobName: string };
    readonly runConfigData?: unknown;
    readonly executionMetadata?: { readonly tags?: readonly FakeTag[] };
  };
}

/** Resolvers for the fields of Query and Mutation. */
export function createResolvers(world: FakeWorld) {
  const { runs } = world;
  return {
    version: "1.13.27",
    instance: () => ({
      runQueuingSupported: world.hasQueue,
      daemonHealth: {
        allDaemonStatuses: [
          { daemonType: "SCHEDULER", required: true, healthy: world.hasDaemon },
          { daemonType: "QUEUED_RUN_COORDINATOR", required: world.hasQueue, healthy: world.hasDaemon },
        ],
      },
    }),
    workspaceOrError: () => ({ __typename: "Workspace", locationEntries: world.locations.map(toEntry) }),
    runsOrError: ({ filter, limit }: { filter?: { runIds?: string[]; tags?: FakeTag[] }; limit?: number }) => ({
      __typename: "Runs",
      results: runs.list(filter, limit).map(toRun),
    }),
    runOrError: ({ runId }: { runId: string }) => {
      const run = runs.runs.get(runId);
      return run === undefined ? toRunNotFound(runId) : { __typename: "Run", ...toRun(run) };
    },
    isPipelineConfigValid(given: { pipeline: Selector & { pipelineName: string }; runConfigData?: unknown }) {
      const { pipeline, runConfigData } = given;
      const job = findJob(world, pipeline, pipeline.pipelineName);
      if (job === undefined) return toJobNotFound(pipeline, pipeline.pipelineName);
      const errors = listConfigErrors(job, runConfigData);
      if (errors.length === 0) return { __typename: "PipelineConfigValidationValid", pipelineName: job.name };
      return { __typename: "RunConfigValidationInvalid", pipelineName: job.name, errors };
    },
    launchRun({ executionParams: { selector, runConfigData, executionMetadata } }: LaunchArguments) {
      const job = findJob(world, selector, selector.jobName);
      if (job === undefined) return toJobNotFound(selector, selector.jobName);
      const errors = listConfigErrors(job, runConfigData);
      if (errors.length > 0) return { __typename: "RunConfigValidationInvalid", pipelineName: job.name, errors };
      const status = world.hasQueue ? "QUEUED" : "STARTING";
      const tags = executionMetadata?.tags ?? [];
      const run = runs.add({ jobName: job.name, tags, status, runConfig: runConfigData });
      return { __typename: "LaunchRunSuccess", run: toRun(run) };
    },
    terminateRuns: ({ runIds, terminatePolicy }: { runIds: string[]; terminatePolicy?: string }) => ({
      __typename: "TerminateRunsResult",
      terminateRunResults: runIds.map((runId) => terminate(world, runId, terminatePolicy)),
    }),
  };
}

function terminate({ runs }: FakeWorld, runId: string, policy = "SAFE_TERMINATE") {
  const run = runs.runs.get(runId);
  if (run === undefined) return toRunNotFound(runId);
  const isAtOnce = policy === "MARK_AS_CANCELED_IMMEDIATELY" || run.status === "QUEUED";
  // A real Dagster also refuses runs that are about to start.
  if (run.endTime !== null || (!isAtOnce && run.status !== "STARTED")) {
    const message = `Run ${runId} could not be terminated due to having status ${run.status}.`;
    return { __typename: "TerminateRunFailure", run: toRun(run), message };
  }
  runs.set(run, isAtOnce ? "CANCELED" : "CANCELING");
  return { __typename: "TerminateRunSuccess", run: toRun(run) };
}

function findJob({ locations }: FakeWorld, { repositoryLocationName, repositoryName }: Selector, name: string) {
  const location = locations.find((candidate) => candidate.name === repositoryLocationName);
  if (location?.state !== "loaded" || location.repository !== repositoryName) return undefined;
  return fakeJobs.find((job) => job.name === name);
}

function toJobNotFound({ repositoryLocationName, repositoryName }: Selector, pipelineName: string) {
  const message = `Could not find Pipeline ${repositoryLocationName}.${repositoryName}.${pipelineName}`;
  return { __typename: "PipelineNotFoundError", message, pipelineName, repositoryName, repositoryLocationName };
}

function toRunNotFound(runId: string) {
  return { __typename: "RunNotFoundError", runId, message: `Pipeline run ${runId} could not be found.` };
}

function toEntry({ name, state, repository }: FakeLocation) {
  const loadStatus = state === "loading" ? "LOADING" : "LOADED";
  return { name, loadStatus, locationOrLoadError: toLocationOrError(name, state, repository) };
}

function toLocationOrError(name: string, state: FakeLocation["state"], repository: string) {
  if (state === "loading") return null;
  if (state === "failed") return brokenCode;
  return { __typename: "RepositoryLocation", name, repositories: [{ name: repository, jobs: fakeJobs.map(toJob) }] };
}

const brokenCode = {
  __typename: "PythonError",
  className: "DagsterImportError",
  message:
    "dagster._core.errors.DagsterImportError: Encountered ImportError: `No module named 'nowhere'` while importing module " +
    "broken. Local modules were resolved using the working directory.\n",
  errorChain: [],
};

function toJob({ name, description, eom }: FakeJob) {
  const resources = [...(eom === null ? [] : [{ name: "eom" }]), { name: "io_manager" }];
  return { name, description, modes: [{ name: "default", resources }] };
}

function toRun(run: FakeRun) {
  const { tags, lines, raised, runConfig, ...row } = run;
  return {
    ...row,
    eventConnection: ({ afterCursor, limit = 1000 }: { afterCursor?: string; limit?: number }) => {
      const events = toEvents(run);
      const start = afterCursor == null ? 0 : Number(afterCursor);
      const end = Math.min(start + limit, events.length);
      return { events: events.slice(start, end), cursor: String(end), hasMore: end < events.length };
    },
  };
}

/** An exception in an op as Dagster 1.13 reports it: the event of the step has no error, that of the run wraps it. */
function toEvents({ jobName, status, lines, raised }: FakeRun) {
  const log = Array.from({ length: lines }, () => ({ __typename: "LogMessageEvent", message: "a line" }));
  if (status !== "FAILURE") return log;
  const step = fakeJobs.find(({ name }) => name === jobName)?.op ?? "step";
  const errorChain = raised.map((error) => ({ error: { ...error, errorChain: [] } }));
  const wrapper = `dagster._core.errors.DagsterExecutionStepExecutionError: Error occurred while executing op "${step}":\n`;
  const error = { message: wrapper, className: "DagsterExecutionStepExecutionError", errorChain };
  const message = `Execution of run for "${jobName}" failed. Steps failed: ['${step}'].`;
  return [
    ...log,
    {
      __typename: "ExecutionStepFailureEvent",
      stepKey: step,
      message: `Execution of step "${step}" failed.`,
      error: null,
    },
    { __typename: "RunFailureEvent", message, error },
  ];
}

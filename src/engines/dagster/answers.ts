import { z } from "zod";

/*
 * Schemas of the answers to documents.ts. Every union is complete for Dagster 1.13 (test/dagster/schema.test.ts compares), so an
 * unknown member means a newer Dagster.
 */

function member<Name extends string, Shape extends z.ZodRawShape>(name: Name, shape: Shape) {
  return z.object({ __typename: z.literal(name), ...shape });
}

const message = z.string();

const exception = {
  message,
  className: z.string().nullish(),
  errorChain: z.array(z.object({ error: z.object({ message, className: z.string().nullish() }) })),
};
/** An exception of Dagster or of a job, with the exceptions that caused it. */
export type Exception = z.output<z.ZodObject<typeof exception>>;

const pythonError = member("PythonError", exception);
const unauthorized = member("UnauthorizedError", { message });
const notFound = member("PipelineNotFoundError", { message });
const invalidSubset = member("InvalidSubsetError", { message });
const invalidFilter = member("InvalidPipelineRunsFilterError", { message });

const stackEntry = z.discriminatedUnion("__typename", [
  member("EvaluationStackPathEntry", { fieldName: z.string() }),
  member("EvaluationStackListItemEntry", { listIndex: z.int() }),
  member("EvaluationStackMapKeyEntry", { mapKey: z.unknown() }),
  member("EvaluationStackMapValueEntry", { mapKey: z.unknown() }),
]);
/** One step on the way to the wrong place of a run config. */
export type StackEntry = z.output<typeof stackEntry>;

// Dagster also has a field `path`, which is always empty (1.13.27).
const configError = z.object({ message, stack: z.object({ entries: z.array(stackEntry) }) });
/** What Dagster says about one wrong place of a run config. */
export type ConfigError = z.output<typeof configError>;

const invalidConfig = member("RunConfigValidationInvalid", { errors: z.array(configError) });

export const versionAnswer = z.object({ version: z.string() });

export const launchAnswer = z.object({
  launchRun: z.discriminatedUnion("__typename", [
    member("LaunchRunSuccess", { run: z.object({ runId: z.string().min(1) }) }),
    invalidConfig,
    notFound,
    invalidSubset,
    member("InvalidStepError", { invalidStepKey: z.string() }),
    member("InvalidOutputError", { stepKey: z.string(), invalidOutputName: z.string() }),
    member("PresetNotFoundError", { message }),
    member("ConflictingExecutionParamsError", { message }),
    member("NoModeProvidedError", { message }),
    member("RunConflict", { message }),
    unauthorized,
    pythonError,
  ]),
});
/** The members of `launchRun`. */
export type LaunchAnswer = z.output<typeof launchAnswer>["launchRun"];

const attemptRunRow = z.object({
  runId: z.string(),
  status: z.string(),
  parentRunId: z.string().nullish(),
  rootRunId: z.string().nullish(),
  creationTime: z.number(),
});
/** A run that has the tags of an attempt. */
export type AttemptRunRow = z.output<typeof attemptRunRow>;

/** By alias: one look-up for each attempt. */
export const attemptRunsAnswer = z.record(
  z.string(),
  z.discriminatedUnion("__typename", [member("Runs", { results: z.array(attemptRunRow) }), invalidFilter, pythonError]),
);

const seconds = z.number().nullish();

const runRow = z.object({
  runId: z.string(),
  jobName: z.string(),
  status: z.string(),
  startTime: seconds,
  endTime: seconds,
  updateTime: seconds,
});
/** A run with its status and times, which are seconds since 1970. */
export type RunRow = z.output<typeof runRow>;

export const statusAnswer = z.object({
  runsOrError: z.discriminatedUnion("__typename", [
    member("Runs", { results: z.array(runRow) }),
    invalidFilter,
    pythonError,
  ]),
});

const failureError = z.object(exception).nullish();

const failureEvent = z.discriminatedUnion("__typename", [
  member("ExecutionStepFailureEvent", { stepKey: z.string().nullish(), message, error: failureError }),
  member("RunFailureEvent", { message, error: failureError }),
  member("EngineEvent", { message, error: failureError }),
]);
/** An event that can name the reason of a failure. */
export type FailureEvent = z.output<typeof failureEvent>;

/** The document selects no field of other events, so they are empty objects. */
const otherEvent = z.strictObject({}).transform(() => null);

const eventPage = z.object({
  cursor: z.string(),
  hasMore: z.boolean(),
  events: z.array(z.union([otherEvent, failureEvent])),
});

/** By alias: one page of events for each run. */
export const failuresAnswer = z.record(
  z.string(),
  z.discriminatedUnion("__typename", [
    member("Run", { eventConnection: eventPage }),
    member("RunNotFoundError", { message }),
    pythonError,
  ]),
);

export const terminateAnswer = z.object({
  terminateRuns: z.discriminatedUnion("__typename", [
    member("TerminateRunsResult", {
      terminateRunResults: z.array(
        z.discriminatedUnion("__typename", [
          member("TerminateRunSuccess", {}),
          member("TerminateRunFailure", {
            run: z.object({ runId: z.string(), status: z.string(), creationTime: z.number() }),
            message,
          }),
          member("RunNotFoundError", {}),
          unauthorized,
          pythonError,
        ]),
      ),
    }),
    pythonError,
  ]),
});
/** What became of one run that was asked to end. */
export type TerminateResult = Extract<
  z.output<typeof terminateAnswer>["terminateRuns"],
  { __typename: "TerminateRunsResult" }
>["terminateRunResults"][number];

const job = z.object({
  name: z.string(),
  description: z.string().nullish(),
  modes: z.array(z.object({ resources: z.array(z.object({ name: z.string() })) })),
});

const repository = z.object({ name: z.string(), jobs: z.array(job) });

function workspaceOf<Shape extends z.ZodRawShape>(locationShape: Shape) {
  const location = z.discriminatedUnion("__typename", [member("RepositoryLocation", locationShape), pythonError]);
  const entry = z.object({
    name: z.string(),
    loadStatus: z.string(),
    // Null during the first load.
    locationOrLoadError: location.nullish(),
  });
  const workspace = member("Workspace", { locationEntries: z.array(entry) });
  return z.discriminatedUnion("__typename", [workspace, pythonError]);
}

export const jobsAnswer = z.object({ workspaceOrError: workspaceOf({ repositories: z.array(repository) }) });
/** The workspace with the jobs of each code location. */
export type JobsWorkspace = Extract<z.output<typeof jobsAnswer>["workspaceOrError"], { __typename: "Workspace" }>;

const locations = workspaceOf({});
export const locationsAnswer = z.object({ workspaceOrError: locations });
/** A code location without its jobs. */
export type LocationEntry = Extract<z.output<typeof locations>, { __typename: "Workspace" }>["locationEntries"][number];

const daemon = z.object({ daemonType: z.string(), required: z.boolean(), healthy: z.boolean().nullish() });

export const healthAnswer = z.object({
  version: z.string(),
  instance: z.object({
    runQueuingSupported: z.boolean(),
    daemonHealth: z.object({ allDaemonStatuses: z.array(daemon) }),
  }),
  workspaceOrError: locations,
});
/** Version, daemon and code locations, for the check. */
export type Health = z.output<typeof healthAnswer>;

export const validateAnswer = z.object({
  isPipelineConfigValid: z.discriminatedUnion("__typename", [
    member("PipelineConfigValidationValid", {}),
    invalidConfig,
    notFound,
    invalidSubset,
    pythonError,
  ]),
});

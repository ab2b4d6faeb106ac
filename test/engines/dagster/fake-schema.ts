import { buildSchema } from "graphql";

/** The part of Dagster's schema (1.13.27) that EOM uses. test/dagster/schema.test.ts compares it with a real Dagster. */
export const fakeSchemaText = `
scalar RunConfigData
scalar GenericScalar

type Query {
  version: String!
  instance: Instance!
  workspaceOrError: WorkspaceOrError!
  runsOrError(filter: RunsFilter, cursor: String, limit: Int): RunsOrError!
  runOrError(runId: ID!): RunOrError!
  isPipelineConfigValid(pipeline: PipelineSelector!, mode: String!, runConfigData: RunConfigData): PipelineConfigValidationResult!
}

type Mutation {
  launchRun(executionParams: ExecutionParams!): LaunchRunResult!
  terminateRuns(runIds: [String!]!, terminatePolicy: TerminateRunPolicy): TerminateRunsResultOrError!
}

input ExecutionParams {
  selector: JobOrPipelineSelector!
  runConfigData: RunConfigData
  executionMetadata: ExecutionMetadata
}

input JobOrPipelineSelector {
  jobName: String
  repositoryName: String!
  repositoryLocationName: String!
}

input PipelineSelector {
  pipelineName: String!
  repositoryName: String!
  repositoryLocationName: String!
}

input ExecutionMetadata { tags: [ExecutionTag!] }
input ExecutionTag { key: String! value: String! }
input RunsFilter { runIds: [String] tags: [ExecutionTag!] }

enum TerminateRunPolicy { SAFE_TERMINATE MARK_AS_CANCELED_IMMEDIATELY }
enum RepositoryLocationLoadStatus { LOADING LOADED }
enum RunStatus { QUEUED NOT_STARTED MANAGED STARTING STARTED SUSPENDED SUCCESS FAILURE CANCELING CANCELED }

union LaunchRunResult = LaunchRunSuccess | InvalidStepError | InvalidOutputError | RunConfigValidationInvalid | PipelineNotFoundError | RunConflict | UnauthorizedError | PythonError | InvalidSubsetError | PresetNotFoundError | ConflictingExecutionParamsError | NoModeProvidedError
union RunsOrError = Runs | InvalidPipelineRunsFilterError | PythonError
union RunOrError = Run | RunNotFoundError | PythonError
union TerminateRunsResultOrError = TerminateRunsResult | PythonError
union TerminateRunResult = TerminateRunSuccess | TerminateRunFailure | RunNotFoundError | UnauthorizedError | PythonError
union WorkspaceOrError = Workspace | PythonError
union RepositoryLocationOrLoadError = RepositoryLocation | PythonError
union PipelineConfigValidationResult = InvalidSubsetError | PipelineConfigValidationValid | RunConfigValidationInvalid | PipelineNotFoundError | PythonError
union EvaluationStackEntry = EvaluationStackListItemEntry | EvaluationStackPathEntry | EvaluationStackMapKeyEntry | EvaluationStackMapValueEntry
union DagsterRunEvent = ExecutionStepFailureEvent | RunFailureEvent | EngineEvent | LogMessageEvent

type LaunchRunSuccess { run: Run! }
type InvalidStepError { invalidStepKey: String! }
type InvalidOutputError { stepKey: String! invalidOutputName: String! }
type PipelineNotFoundError { message: String! pipelineName: String! repositoryName: String! repositoryLocationName: String! }
type RunConflict { message: String! }
type UnauthorizedError { message: String! }
type InvalidSubsetError { message: String! }
type PresetNotFoundError { message: String! }
type ConflictingExecutionParamsError { message: String! }
type NoModeProvidedError { message: String! }
type InvalidPipelineRunsFilterError { message: String! }
type RunNotFoundError { runId: String! message: String! }
type PythonError { message: String! className: String errorChain: [ErrorChainLink!]! }
type ErrorChainLink { error: PythonError! }

type RunConfigValidationInvalid { pipelineName: String! errors: [PipelineConfigValidationError!]! }
type PipelineConfigValidationValid { pipelineName: String! }
interface PipelineConfigValidationError { message: String! path: [String!]! stack: EvaluationStack! reason: EvaluationErrorReason! }
type FieldNotDefinedConfigError implements PipelineConfigValidationError { message: String! path: [String!]! stack: EvaluationStack! reason: EvaluationErrorReason! }
type RuntimeMismatchConfigError implements PipelineConfigValidationError { message: String! path: [String!]! stack: EvaluationStack! reason: EvaluationErrorReason! }
type MissingFieldConfigError implements PipelineConfigValidationError { message: String! path: [String!]! stack: EvaluationStack! reason: EvaluationErrorReason! }
enum EvaluationErrorReason { RUNTIME_TYPE_MISMATCH MISSING_REQUIRED_FIELD MISSING_REQUIRED_FIELDS FIELD_NOT_DEFINED FIELDS_NOT_DEFINED SELECTOR_FIELD_ERROR }
type EvaluationStack { entries: [EvaluationStackEntry!]! }
type EvaluationStackPathEntry { fieldName: String! }
type EvaluationStackListItemEntry { listIndex: Int! }
type EvaluationStackMapKeyEntry { mapKey: GenericScalar! }
type EvaluationStackMapValueEntry { mapKey: GenericScalar! }

type Runs { results: [Run!]! }
type Run {
  runId: String!
  jobName: String!
  status: RunStatus!
  parentRunId: String
  rootRunId: String
  creationTime: Float!
  startTime: Float
  endTime: Float
  updateTime: Float
  eventConnection(afterCursor: String, limit: Int): EventConnection!
}
type EventConnection { events: [DagsterRunEvent!]! cursor: String! hasMore: Boolean! }
type ExecutionStepFailureEvent { stepKey: String message: String! error: PythonError }
type RunFailureEvent { message: String! error: PythonError }
type EngineEvent { message: String! error: PythonError }
type LogMessageEvent { message: String! }

type TerminateRunsResult { terminateRunResults: [TerminateRunResult!]! }
type TerminateRunSuccess { run: Run! }
type TerminateRunFailure { run: Run! message: String! }

type Workspace { locationEntries: [WorkspaceLocationEntry!]! }
type WorkspaceLocationEntry {
  name: String!
  loadStatus: RepositoryLocationLoadStatus!
  locationOrLoadError: RepositoryLocationOrLoadError
}
type RepositoryLocation { name: String! repositories: [Repository!]! }
type Repository { name: String! jobs: [Job!]! }
type Job { name: String! description: String modes: [Mode!]! }
type Mode { name: String! resources: [Resource!]! }
type Resource { name: String! }

type Instance { runQueuingSupported: Boolean! daemonHealth: DaemonHealth! }
type DaemonHealth { allDaemonStatuses: [DaemonStatus!]! }
type DaemonStatus { daemonType: String! required: Boolean! healthy: Boolean }
`;

export const fakeSchema = buildSchema(fakeSchemaText);

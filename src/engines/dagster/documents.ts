/* All GraphQL documents that EOM sends. Written for Dagster 1.13; test/dagster/schema.test.ts validates them against its schema. */

const pythonError = `
fragment Exception on PythonError { message className errorChain { error { message className } } }`;

const configErrors = `
fragment ConfigErrors on RunConfigValidationInvalid {
  errors {
    message
    stack {
      entries {
        __typename
        ... on EvaluationStackPathEntry { fieldName }
        ... on EvaluationStackListItemEntry { listIndex }
        ... on EvaluationStackMapKeyEntry { mapKey }
        ... on EvaluationStackMapValueEntry { mapKey }
      }
    }
  }
}`;

/** The probe of the breaker. */
export const versionDocument = "query Version { version }";

export const launchDocument = `
mutation LaunchRun($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { ...ConfigErrors }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on InvalidStepError { invalidStepKey }
    ... on InvalidOutputError { stepKey invalidOutputName }
    ... on PresetNotFoundError { message }
    ... on ConflictingExecutionParamsError { message }
    ... on NoModeProvidedError { message }
    ... on RunConflict { message }
    ... on UnauthorizedError { message }
    ... on PythonError { ...Exception }
  }
}${configErrors}${pythonError}`;

/**
 * Looks up the runs of several attempts: one aliased field each, `s0` to `s19`, with a variable of the same name. A filter of Dagster
 * has no OR.
 */
export function toFindRunsDocument(count: number): string {
  const indexes = [...Array(count).keys()];
  return `
query FindRuns($limit: Int!, ${indexes.map((index) => `$s${index}: RunsFilter!`).join(", ")}) {
${indexes.map((index) => `  s${index}: runsOrError(filter: $s${index}, limit: $limit) { ...AttemptRuns }`).join("\n")}
}
fragment AttemptRuns on RunsOrError {
  __typename
  ... on Runs { results { runId status parentRunId rootRunId creationTime } }
  ... on InvalidPipelineRunsFilterError { message }
  ... on PythonError { ...Exception }
}${pythonError}`;
}

/** Without a count, for which Dagster would run another query. */
export const statusDocument = `
query RunStatuses($filter: RunsFilter!, $limit: Int!) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results { runId jobName status startTime endTime updateTime } }
    ... on InvalidPipelineRunsFilterError { message }
    ... on PythonError { ...Exception }
  }
}${pythonError}`;

/** Reads one page of events of several runs: `r0` to `r9`, after the cursors `c0` to `c9`. Selects fields of failure events only. */
export function toFailuresDocument(count: number): string {
  const indexes = [...Array(count).keys()];
  return `
query RunFailures($limit: Int!, ${indexes.map((index) => `$r${index}: ID!, $c${index}: String`).join(", ")}) {
${indexes.map((index) => `  r${index}: runOrError(runId: $r${index}) { __typename ... on Run { eventConnection(afterCursor: $c${index}, limit: $limit) { ...Page } } ... on RunNotFoundError { message } ... on PythonError { ...Exception } }`).join("\n")}
}
fragment Page on EventConnection {
  cursor
  hasMore
  events {
    ... on ExecutionStepFailureEvent { __typename stepKey message error { ...Exception } }
    ... on RunFailureEvent { __typename message error { ...Exception } }
    ... on EngineEvent { __typename message error { ...Exception } }
  }
}${pythonError}`;
}

export const terminateDocument = `
mutation TerminateRuns($runIds: [String!]!, $policy: TerminateRunPolicy!) {
  terminateRuns(runIds: $runIds, terminatePolicy: $policy) {
    __typename
    ... on TerminateRunsResult {
      terminateRunResults {
        __typename
        ... on TerminateRunSuccess { run { runId } }
        ... on TerminateRunFailure { run { runId status creationTime } message }
        ... on RunNotFoundError { runId message }
        ... on UnauthorizedError { message }
        ... on PythonError { ...Exception }
      }
    }
    ... on PythonError { ...Exception }
  }
}${pythonError}`;

export const jobsDocument = `
query Jobs {
  workspaceOrError {
    __typename
    ... on Workspace {
      locationEntries {
        name
        loadStatus
        locationOrLoadError {
          __typename
          ... on RepositoryLocation {
            repositories { name jobs { name description modes { resources { name } } } }
          }
          ... on PythonError { ...Exception }
        }
      }
    }
    ... on PythonError { ...Exception }
  }
}${pythonError}`;

const locations = `
fragment Locations on WorkspaceOrError {
  __typename
  ... on Workspace {
    locationEntries { name loadStatus locationOrLoadError { __typename ... on PythonError { ...Exception } } }
  }
  ... on PythonError { ...Exception }
}${pythonError}`;

export const locationsDocument = `
query Locations { workspaceOrError { ...Locations } }${locations}`;

export const healthDocument = `
query Health {
  version
  instance { runQueuingSupported daemonHealth { allDaemonStatuses { daemonType required healthy } } }
  workspaceOrError { ...Locations }
}${locations}`;

export const validateDocument = `
query ValidateConfig($job: PipelineSelector!, $runConfig: RunConfigData) {
  isPipelineConfigValid(pipeline: $job, mode: "default", runConfigData: $runConfig) {
    __typename
    ... on PipelineConfigValidationValid { pipelineName }
    ... on RunConfigValidationInvalid { ...ConfigErrors }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on PythonError { ...Exception }
  }
}${configErrors}${pythonError}`;

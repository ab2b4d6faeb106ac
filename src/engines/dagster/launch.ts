import type { LaunchOutcome, LaunchRequest, RunError, SessionAttempt } from "../engine.ts";
import { type ConfigError, type LaunchAnswer, launchAnswer } from "./answers.ts";
import { type DagsterClient, toUnauthorized } from "./client.ts";
import { launchDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { findRuns } from "./find-runs.ts";
import { noLocationMessage, toLocatedJob, toRunConfigData } from "./selector.ts";
import { toLaunchTags } from "./tags.ts";
import { toLine, toMessage } from "./words.ts";

/** Dagster asks the job's code location before it answers. */
const launchSeconds = 20;

/** Launches once, and says what is known of the run then. Never throws what Dagster does. */
export async function launch(client: DagsterClient, request: LaunchRequest): Promise<LaunchOutcome> {
  const job = toLocatedJob(request.job);
  if (job === null) return refuse("JOB_UNKNOWN", `The job '${request.job.name}' ${noLocationMessage}`);
  const { location: repositoryLocationName, repository: repositoryName, name: jobName } = job;
  const params = {
    selector: { repositoryLocationName, repositoryName, jobName },
    runConfigData: toRunConfigData(request),
    executionMetadata: { tags: toLaunchTags(request) },
  };
  try {
    const { launchRun } = await client.ask({
      operation: "LaunchRun",
      document: launchDocument,
      variables: { params },
      answer: launchAnswer,
      timeoutSeconds: launchSeconds,
    });
    return await toOutcome(client, request, launchRun);
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    return { outcome: error.mayHaveRun ? "unclear" : "unreachable", message: error.message };
  }
}

async function toOutcome(client: DagsterClient, request: LaunchRequest, answer: LaunchAnswer): Promise<LaunchOutcome> {
  switch (answer.__typename) {
    case "LaunchRunSuccess":
      return { outcome: "launched", runId: answer.run.runId };
    case "RunConfigValidationInvalid":
      return refuse("RUN_CONFIG_INVALID", `Dagster refuses the run config: ${toSentences(answer.errors)}`);
    case "PipelineNotFoundError":
      // So it also answers while the code location is loaded, and when its code is broken.
      return { outcome: "not_ready", error: toError("JOB_UNKNOWN", `Dagster: ${toLine(answer.message)}`) };
    case "InvalidSubsetError":
    case "PresetNotFoundError":
    case "ConflictingExecutionParamsError":
    case "NoModeProvidedError":
      return refuse("LAUNCH_REFUSED", `Dagster refuses the launch: ${toLine(answer.message)}`);
    case "InvalidStepError":
      return refuse("LAUNCH_REFUSED", `Dagster refuses the launch: it knows no step '${answer.invalidStepKey}'`);
    case "InvalidOutputError":
      return refuse("LAUNCH_REFUSED", `Dagster refuses the launch: it knows no output '${answer.invalidOutputName}'`);
    case "RunConflict":
      return lookUp(client, request, {
        outcome: "unclear",
        message: `Dagster has such a run: ${toLine(answer.message)}`,
      });
    case "PythonError": {
      // A run that could not be handed to its launcher stays, as failed; one whose job could not be read was never made.
      const message = `Dagster failed to launch the run: ${toLine(answer.message)}`;
      return lookUp(client, request, { outcome: "not_ready", error: toError("LAUNCH_FAILED", message) });
    }
    case "UnauthorizedError":
      throw toUnauthorized(answer.message);
    default:
      return answer satisfies never;
  }
}

/** The answer was whole, so what it made is there by now. */
async function lookUp(
  client: DagsterClient,
  attempt: SessionAttempt,
  otherwise: LaunchOutcome,
): Promise<LaunchOutcome> {
  try {
    const [runs] = await findRuns(client, [attempt]);
    const submitted = runs?.find(({ isSubmitted }) => isSubmitted);
    if (submitted !== undefined) return { outcome: "launched", runId: submitted.runId, isAdopted: true };
    if (runs?.length === 0) return otherwise;
    return { outcome: "unclear", message: "Dagster failed to launch the run, and it is not known to be submitted" };
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    return { outcome: "unclear", message: `Whether the launch made a run could not be asked: ${error.message}` };
  }
}

function toSentences(errors: readonly ConfigError[]): string {
  return toMessage(errors.map(({ message }) => message.trim().replace(/\.$/, "")).join("; "));
}

function refuse(code: string, message: string): LaunchOutcome {
  return { outcome: "refused", error: toError(code, message) };
}

function toError(code: string, message: string): RunError {
  return { code, message, step: null };
}

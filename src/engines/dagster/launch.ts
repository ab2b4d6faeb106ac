import { createRunError, type LaunchOutcome, type LaunchRequest, type SessionAttempt } from "../engine.ts";
import { type ConfigError, type LaunchAnswer, launchAnswer } from "./answers.ts";
import { type DagsterClient, toUnauthorized } from "./client.ts";
import { launchDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { listRuns } from "./list-runs.ts";
import { noLocationMessage, toLocatedJob, toRunConfigData } from "./selector.ts";
import { toLaunchTags } from "./tags.ts";
import { toLine, toMessage } from "./words.ts";

/** Longer than other calls: Dagster asks the code location of the job before it answers. */
const launchSeconds = 20;

/** Sends one launch, and looks up its run if a complete answer reports an exception. A fault of Dagster becomes an outcome. */
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
      // Dagster gives the same answer while the code location loads, and when its code is broken.
      return { outcome: "not_ready", error: createRunError("JOB_UNKNOWN", `Dagster: ${toLine(answer.message)}`) };
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
        message: `Dagster already has a run with this id: ${toLine(answer.message)}`,
      });
    case "PythonError": {
      // A run that could not be handed to its launcher exists as failed. If the job could not be read, no run was created.
      const message = `Dagster failed to launch the run: ${toLine(answer.message)}`;
      return lookUp(client, request, { outcome: "not_ready", error: createRunError("LAUNCH_FAILED", message) });
    }
    case "UnauthorizedError":
      throw toUnauthorized(answer.message);
    default:
      return answer satisfies never;
  }
}

/** Searches for the run at once: the answer was complete, so a run that the launch created exists by now. */
async function lookUp(
  client: DagsterClient,
  attempt: SessionAttempt,
  otherwise: LaunchOutcome,
): Promise<LaunchOutcome> {
  try {
    const [runs] = await listRuns(client, [attempt]);
    const submitted = runs?.find(({ isSubmitted }) => isSubmitted);
    if (submitted !== undefined) return { outcome: "launched", runId: submitted.runId, isAdopted: true };
    if (runs?.length === 0) return otherwise;
    return { outcome: "unclear", message: "Dagster failed to launch the run, and may not have submitted it" };
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    return {
      outcome: "unclear",
      message: `Dagster failed to launch the run, and the search for it failed: ${error.message}`,
    };
  }
}

function toSentences(errors: readonly ConfigError[]): string {
  return toMessage(errors.map(({ message }) => message.trim().replace(/\.$/, "")).join("; "));
}

function refuse(code: string, message: string): LaunchOutcome {
  return { outcome: "refused", error: createRunError(code, message) };
}

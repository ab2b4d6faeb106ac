import type { JobIssue, JobReference, JobVerdict } from "../engine.ts";
import { type ConfigError, type StackEntry, validateAnswer } from "./answers.ts";
import type { DagsterClient } from "./client.ts";
import { validateDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { type LocatedJob, noLocationMessage, sessionResource, toLocatedJob, toRunConfigData } from "./selector.ts";
import { isReservedTag } from "./tags.ts";
import { toLine, toList, toMessage } from "./words.ts";
import { readWorkspace, type Workspace, type WorkspaceJob } from "./workspace.ts";

/** Issues per answer: a run config can be wrong in every line. */
const maxIssues = 20;

/** Checks whether Dagster would accept the job and its run config now. One request; a second one reads the workspace to say why not. */
export async function checkJob(client: DagsterClient, reference: JobReference): Promise<JobVerdict> {
  const job = toLocatedJob(reference.job);
  const issues = listTagIssues(reference);
  if (job === null) return refuse([...issues, { ...unknownAt("location"), message: noLocationMessage }]);
  try {
    const verdict = await askForVerdict(client, reference, job);
    return verdict.verdict === "refused" ? refuse([...issues, ...verdict.issues]) : refuse(issues, verdict);
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    return refuse(issues, unanswered(error.message));
  }
}

function listTagIssues({ tags }: JobReference): JobIssue[] {
  return Object.keys(tags)
    .filter(isReservedTag)
    .map((key) => ({
      path: ["params", "tags", key],
      message: "is a tag that EOM or Dagster sets itself: remove it",
      code: "reserved",
    }));
}

async function askForVerdict(client: DagsterClient, reference: JobReference, job: LocatedJob): Promise<JobVerdict> {
  const { location: repositoryLocationName, repository: repositoryName, name: pipelineName } = job;
  const { isPipelineConfigValid: answer } = await client.ask({
    operation: "ValidateConfig",
    document: validateDocument,
    variables: {
      job: { repositoryLocationName, repositoryName, pipelineName },
      runConfig: toRunConfigData(reference),
    },
    answer: validateAnswer,
  });
  switch (answer.__typename) {
    case "PipelineConfigValidationValid":
      return { verdict: "accepted" };
    case "RunConfigValidationInvalid":
      if (reference.runConfigOf === "job") return refuse(answer.errors.map(toConfigIssue));
      return refuse([toSessionIssue(job, await readWorkspace(client), reference.kind, answer.errors)]);
    case "PipelineNotFoundError":
      return toUnknown(job, await readWorkspace(client));
    case "InvalidSubsetError":
      return refuse([
        { ...unknownAt("name"), message: `names a job that Dagster cannot run: ${toLine(answer.message)}` },
      ]);
    case "PythonError":
      return unanswered(`Dagster raised an exception: ${toLine(answer.message)}`);
    default:
      return answer satisfies never;
  }
}

/** Finds which of the three names (location, repository, job) Dagster does not know. */
function toUnknown(job: LocatedJob, { locations, repositories, jobs }: Workspace): JobVerdict {
  const location = locations.find(({ name }) => name === job.location);
  if (location === undefined) return refuseName("location", job.location, "no code location of Dagster", locations);
  if (location.state !== "loaded") {
    const reason = location.state === "loading" ? "is being loaded" : `cannot be loaded: ${location.detail}`;
    return unanswered(`The code location '${location.name}' of Dagster ${reason}`);
  }
  const inLocation = repositories.filter((repository) => repository.location === job.location);
  if (!inLocation.some(({ name }) => name === job.repository)) {
    return refuseName("repository", job.repository, `no repository of the code location '${job.location}'`, inLocation);
  }
  const inRepository = jobs.filter(
    ({ location, repository }) => location === job.location && repository === job.repository,
  );
  if (!inRepository.some(({ name }) => name === job.name)) {
    return refuseName("name", job.name, `no job of the code location '${job.location}'`, inRepository);
  }
  return unanswered(`Dagster has just loaded the code location '${job.location}' anew`);
}

function refuseName(
  field: string,
  given: string,
  what: string,
  there: readonly { readonly name: string }[],
): JobVerdict {
  const names = there.length === 0 ? "there is none" : `there is ${toList(there.map(({ name }) => name))}`;
  return refuse([{ ...unknownAt(field), message: `names ${what}: ${toList([given])} is not known, ${names}` }]);
}

/** A job without the resource `eom` refuses the run config of a session. Dagster's message for that names no resource, so EOM's does. */
function toSessionIssue(job: LocatedJob, { jobs }: Workspace, kind: number, errors: readonly ConfigError[]): JobIssue {
  const isSame = ({ location, repository, name }: WorkspaceJob) =>
    location === job.location && repository === job.repository && name === job.name;
  if (jobs.some((candidate) => isSame(candidate) && !candidate.kinds.includes(kind))) {
    const message = `names a job without a resource '${sessionResource}', which the sessions of kind ${kind} need`;
    return { ...unknownAt("name"), message };
  }
  const words = toMessage(errors.map(({ message }) => message.trim().replace(/\.$/, "")).join("; "));
  return {
    ...unknownAt("name"),
    message: `names a job whose resource '${sessionResource}' does not accept the config of a session: ${words}`,
  };
}

function toConfigIssue({ message, stack }: ConfigError): JobIssue {
  const path = ["params", "run_config", ...stack.entries.map(toKey)];
  return { path, message: toMessage(message), code: "invalid_run_config" };
}

function toKey(entry: StackEntry): string {
  switch (entry.__typename) {
    case "EvaluationStackPathEntry":
      return entry.fieldName;
    case "EvaluationStackListItemEntry":
      return String(entry.listIndex);
    case "EvaluationStackMapKeyEntry":
    case "EvaluationStackMapValueEntry":
      return String(entry.mapKey);
    default:
      return entry satisfies never;
  }
}

function unknownAt(field: string): Pick<JobIssue, "path" | "code"> {
  return { path: ["job", field], code: "unknown_job" };
}

function unanswered(message: string): JobVerdict {
  return { verdict: "unanswered", message };
}

/** Refuses with these issues; without any, returns `otherwise`. */
function refuse(issues: readonly JobIssue[], otherwise: JobVerdict = { verdict: "accepted" }): JobVerdict {
  return issues.length === 0 ? otherwise : { verdict: "refused", issues: issues.slice(0, maxIssues) };
}

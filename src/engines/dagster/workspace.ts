import { kinds } from "../../kinds/kinds.ts";
import type { EngineJob, EngineLocation } from "../engine.ts";
import { type JobsWorkspace, jobsAnswer, type LocationEntry, locationsAnswer } from "./answers.ts";
import { type DagsterClient, toException } from "./client.ts";
import { jobsDocument, locationsDocument } from "./documents.ts";
import { sessionResource } from "./selector.ts";
import { toFirstSentence } from "./words.ts";

/** A workspace of 10,000 jobs has 3 MB. */
const maxJobsBytes = 16 * 1024 * 1024;

/** A job that schedules may name. */
export interface WorkspaceJob extends EngineJob {
  readonly location: string;
  readonly repository: string;
}

/** Dagster's workspace, flattened. */
export interface Workspace {
  readonly locations: readonly EngineLocation[];
  /** Repositories of the code locations that have loaded. */
  readonly repositories: readonly { readonly location: string; readonly name: string }[];
  readonly jobs: readonly WorkspaceJob[];
}

/** Reads the code locations with their jobs. @throws DagsterFault */
export async function readWorkspace(client: DagsterClient): Promise<Workspace> {
  const { workspaceOrError } = await client.ask({
    operation: "Jobs",
    document: jobsDocument,
    answer: jobsAnswer,
    maxAnswerBytes: maxJobsBytes,
  });
  if (workspaceOrError.__typename === "PythonError") throw toException(workspaceOrError.message);
  const entries = workspaceOrError.locationEntries;
  const repositories = entries.flatMap(listRepositories);
  return {
    locations: entries.map(toLocation),
    repositories: repositories.map(({ location, name }) => ({ location, name })),
    jobs: repositories.flatMap(({ location, name, jobs }) =>
      jobs.filter(isOffered).map((job) => toJob(location, name, job)),
    ),
  };
}

/** Reads the code locations without their jobs. @throws DagsterFault */
export async function listLocations(client: DagsterClient): Promise<EngineLocation[]> {
  const { workspaceOrError } = await client.ask({
    operation: "Locations",
    document: locationsDocument,
    answer: locationsAnswer,
  });
  if (workspaceOrError.__typename === "PythonError") throw toException(workspaceOrError.message);
  return workspaceOrError.locationEntries.map(toLocation);
}

/** Converts an entry. A reload counts as `loading`, although Dagster still serves the jobs of before. */
export function toLocation({ name, loadStatus, locationOrLoadError }: LocationEntry): EngineLocation {
  if (loadStatus === "LOADING" || locationOrLoadError == null) return { name, state: "loading", detail: null };
  if (locationOrLoadError.__typename === "RepositoryLocation") return { name, state: "loaded", detail: null };
  return { name, state: "failed", detail: toFirstSentence(locationOrLoadError.message) };
}

type Entry = JobsWorkspace["locationEntries"][number];

function listRepositories({ name: location, locationOrLoadError }: Entry) {
  if (locationOrLoadError?.__typename !== "RepositoryLocation") return [];
  return locationOrLoadError.repositories.map((repository) => ({ location, ...repository }));
}

type JobRow = ReturnType<typeof listRepositories>[number]["jobs"][number];

/** Leaves out jobs that Dagster creates for itself, such as `__ASSET_JOB`. */
function isOffered({ name }: JobRow): boolean {
  return !name.startsWith("__");
}

function toJob(location: string, repository: string, { name, description, modes }: JobRow): WorkspaceJob {
  // Dagster lists a resource under a job exactly if the job accepts a config for it.
  const takesSession = modes.some(({ resources }) => resources.some((resource) => resource.name === sessionResource));
  const served = kinds.filter(({ runConfigOf }) => takesSession || runConfigOf !== "session");
  return { location, repository, name, description: description ?? null, kinds: served.map(({ kind }) => kind) };
}

import type { FoundRun, SessionAttempt } from "../engine.ts";
import { type FoundRow, foundAnswer } from "./answers.ts";
import { type DagsterClient, toException } from "./client.ts";
import { toFindRunsDocument } from "./documents.ts";
import { toAttemptTags } from "./tags.ts";

/** Each is a join of Dagster's run table with its tags, twice. */
const attemptsPerRequest = 20;
/** The newest come first. So many executions of one run again would hide it. */
const runsPerAttempt = 100;

/** @throws DagsterFault */
export async function findRuns(
  client: DagsterClient,
  attempts: readonly SessionAttempt[],
): Promise<readonly (readonly FoundRun[])[]> {
  const found: FoundRun[][] = [];
  for (let start = 0; start < attempts.length; start += attemptsPerRequest) {
    const answers = await ask(client, attempts.slice(start, start + attemptsPerRequest));
    found.push(...answers.map((rows) => rows.filter(isRoot).sort(byAge).map(toFoundRun)));
  }
  return found;
}

async function ask(client: DagsterClient, attempts: readonly SessionAttempt[]): Promise<readonly FoundRow[][]> {
  const filters = attempts.map((attempt, index) => [`s${index}`, { tags: toAttemptTags(attempt) }]);
  const answers = await client.ask({
    operation: "FindRuns",
    document: toFindRunsDocument(attempts.length),
    variables: { limit: runsPerAttempt, ...Object.fromEntries(filters) },
    answer: foundAnswer,
  });
  return attempts.map((_, index) => {
    const answer = answers[`s${index}`];
    if (answer?.__typename === "Runs") return answer.results;
    // "Nothing found" would be taken for leave to launch again.
    throw toException(answer?.message ?? "it left a question out");
  });
}

/** A run that a person has executed again in Dagster has a child with the same tags. */
function isRoot({ parentRunId, rootRunId }: FoundRow): boolean {
  return (parentRunId ?? null) === null && (rootRunId ?? null) === null;
}

function byAge(one: FoundRow, other: FoundRow): number {
  return one.creationTime - other.creationTime || (one.runId < other.runId ? -1 : 1);
}

/** A webserver that dies between writing a run down and handing it over leaves it so for ever (1.13). */
function toFoundRun({ runId, status }: FoundRow): FoundRun {
  return { runId, isSubmitted: status !== "NOT_STARTED" };
}

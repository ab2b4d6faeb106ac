import type { EngineRun, SessionAttempt } from "../engine.ts";
import { type FoundRow, foundAnswer } from "./answers.ts";
import { askApart } from "./ask-apart.ts";
import { type DagsterClient, toException } from "./client.ts";
import { toFindRunsDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toAttemptTags } from "./tags.ts";

/** Each is a join of Dagster's run table with its tags, twice. */
const attemptsPerRequest = 20;
/** The newest come first. So many executions of one run again would hide it. */
const runsPerAttempt = 100;

/**
 * Null of an attempt where Dagster fails at it and not at others: one run that it cannot read holds up no search but its own.
 *
 * @throws DagsterFault
 */
export async function findRuns(
  client: DagsterClient,
  attempts: readonly SessionAttempt[],
): Promise<readonly (readonly EngineRun[] | null)[]> {
  const found = new Map<SessionAttempt, readonly EngineRun[]>();
  let fault: DagsterFault | null = null;
  for (let start = 0; start < attempts.length; start += attemptsPerRequest) {
    try {
      const { answers } = await askApart(attempts.slice(start, start + attemptsPerRequest), (some) =>
        ask(client, some),
      );
      for (const { attempt, rows } of answers) found.set(attempt, rows.filter(isRoot).sort(byAge).map(toFoundRun));
    } catch (error) {
      if (!(error instanceof DagsterFault && error.kind === "failing")) throw error;
      fault = error;
    }
  }
  if (fault !== null && found.size === 0) throw fault;
  return attempts.map((attempt) => found.get(attempt) ?? null);
}

interface Found {
  readonly attempt: SessionAttempt;
  readonly rows: FoundRow[];
}

/** Without those at which Dagster fails, unless it fails at all. */
async function ask(client: DagsterClient, attempts: readonly SessionAttempt[]): Promise<readonly Found[]> {
  const filters = attempts.map((attempt, index) => [`s${index}`, { tags: toAttemptTags(attempt) }]);
  const answers = await client.ask({
    operation: "FindRuns",
    document: toFindRunsDocument(attempts.length),
    variables: { limit: runsPerAttempt, ...Object.fromEntries(filters) },
    answer: foundAnswer,
  });
  const found = attempts.flatMap((attempt, index) => {
    const answer = answers[`s${index}`];
    return answer?.__typename === "Runs" ? [{ attempt, rows: answer.results }] : [];
  });
  // "Nothing found" would be taken for leave to launch again.
  if (found.length > 0) return found;
  const failure = Object.values(answers).find((answer) => answer.__typename !== "Runs");
  throw toException(failure?.message ?? "it left a question out");
}

/** A run that a person has executed again in Dagster has a child with the same tags. */
function isRoot({ parentRunId, rootRunId }: FoundRow): boolean {
  return (parentRunId ?? null) === null && (rootRunId ?? null) === null;
}

function byAge(one: FoundRow, other: FoundRow): number {
  return one.creationTime - other.creationTime || (one.runId < other.runId ? -1 : 1);
}

/** A webserver that dies between writing a run down and handing it over leaves it so for ever (1.13). */
function toFoundRun({ runId, status }: FoundRow): EngineRun {
  return { runId, isSubmitted: status !== "NOT_STARTED" };
}

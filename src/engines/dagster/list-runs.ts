import type { EngineRun, SessionAttempt } from "../engine.ts";
import { type AttemptRunRow, attemptRunsAnswer } from "./answers.ts";
import { askBisecting } from "./bisect.ts";
import { type DagsterClient, toException } from "./client.ts";
import { toFindRunsDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toAttemptTags } from "./tags.ts";

/** Attempts per request. Each is a join of Dagster's run table with its tags, twice. */
const attemptsPerRequest = 20;
/** Runs read per attempt, newest first. A person would have to execute a run again 100 times to hide it. */
const runsPerAttempt = 100;

/**
 * Lists the runs of attempts, in the order of `attempts` and each with the oldest first. Null for an attempt at which Dagster fails:
 * a run that it cannot read must not stop the search for others.
 *
 * @throws DagsterFault when Dagster cannot be asked, or fails at every attempt
 */
export async function listRuns(
  client: DagsterClient,
  attempts: readonly SessionAttempt[],
): Promise<readonly (readonly EngineRun[] | null)[]> {
  const rowsByAttempt = new Map<SessionAttempt, readonly EngineRun[]>();
  let fault: DagsterFault | null = null;
  for (let start = 0; start < attempts.length; start += attemptsPerRequest) {
    try {
      const { answers } = await askBisecting(attempts.slice(start, start + attemptsPerRequest), (some) =>
        ask(client, some),
      );
      for (const { attempt, rows } of answers)
        rowsByAttempt.set(attempt, rows.filter(isRoot).sort(byAge).map(toEngineRun));
    } catch (error) {
      if (!(error instanceof DagsterFault && error.kind === "failing")) throw error;
      fault = error;
    }
  }
  if (fault !== null && rowsByAttempt.size === 0) throw fault;
  return attempts.map((attempt) => rowsByAttempt.get(attempt) ?? null);
}

interface AttemptRows {
  readonly attempt: SessionAttempt;
  readonly rows: AttemptRunRow[];
}

/** Asks for all attempts in one request. Leaves out attempts at which Dagster fails. @throws DagsterFault when it fails at all of them */
async function ask(client: DagsterClient, attempts: readonly SessionAttempt[]): Promise<readonly AttemptRows[]> {
  const filters = attempts.map((attempt, index) => [`s${index}`, { tags: toAttemptTags(attempt) }]);
  const answers = await client.ask({
    operation: "FindRuns",
    document: toFindRunsDocument(attempts.length),
    variables: { limit: runsPerAttempt, ...Object.fromEntries(filters) },
    answer: attemptRunsAnswer,
  });
  const answered = attempts.flatMap((attempt, index) => {
    const answer = answers[`s${index}`];
    return answer?.__typename === "Runs" ? [{ attempt, rows: answer.results }] : [];
  });
  // An empty result would mean "no run", and the scheduler would launch again.
  if (answered.length > 0) return answered;
  const failure = Object.values(answers).find((answer) => answer.__typename !== "Runs");
  throw toException(failure?.message ?? "its answer leaves out a look-up");
}

/** Leaves out runs that a person created by executing one again: they have its tags and a parent. */
function isRoot({ parentRunId, rootRunId }: AttemptRunRow): boolean {
  return (parentRunId ?? null) === null && (rootRunId ?? null) === null;
}

function byAge(left: AttemptRunRow, right: AttemptRunRow): number {
  return left.creationTime - right.creationTime || (left.runId < right.runId ? -1 : 1);
}

/** A webserver that dies after recording a run, and before submitting it, leaves it NOT_STARTED for ever (Dagster 1.13). */
function toEngineRun({ runId, status }: AttemptRunRow): EngineRun {
  return { runId, isSubmitted: status !== "NOT_STARTED" };
}

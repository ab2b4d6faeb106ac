import { type Exception, type FailureEvent, failuresAnswer } from "./answers.ts";
import type { DagsterClient } from "./client.ts";
import { toFailuresDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toMessage } from "./words.ts";

/** Why a run failed. */
export interface Failure {
  readonly message: string;
  readonly step: string | null;
}

const runsPerRequest = 10;
const eventsPerPage = 1000;
/** Of one run. Dagster gives events from the first on alone, and the failure stands at their end. */
const mostPages = 10;
const pageSeconds = 5;
/** Of all runs together: it is a poll that waits for it. */
const mostMilliseconds = 15_000;

/** What is known by the pages that have been read. */
interface Search {
  readonly runId: string;
  cursor: string | null;
  hasMore: boolean;
  isAlone: boolean;
  readonly events: FailureEvent[];
}

/** By run id, of those runs whose reason could be had. Rejects for nothing that Dagster does. */
export async function findFailures(
  { client, monotonic }: { readonly client: DagsterClient; readonly monotonic: () => number },
  runIds: readonly string[],
): Promise<ReadonlyMap<string, Failure>> {
  const lastAt = monotonic() + mostMilliseconds;
  const searches = runIds.map((runId): Search => ({ runId, cursor: null, hasMore: true, isAlone: false, events: [] }));
  for (let page = 0; page < mostPages; page += 1) {
    for (const some of toRequests(searches)) {
      if (monotonic() >= lastAt) break;
      const isAsked = await tryReadPages(client, some);
      if (!isAsked) return toFailures(searches);
    }
  }
  return toFailures(searches);
}

/** What failed together with others is asked for alone, after the others. */
function toRequests(searches: readonly Search[]): Search[][] {
  const open = searches.filter(({ hasMore }) => hasMore);
  const together = open.filter(({ isAlone }) => !isAlone);
  const requests = Array.from({ length: Math.ceil(together.length / runsPerRequest) }, (_, index) =>
    together.slice(index * runsPerRequest, (index + 1) * runsPerRequest),
  );
  return [...requests, ...open.filter(({ isAlone }) => isAlone).map((search) => [search])];
}

/** @returns false when Dagster cannot be asked for anything now */
async function tryReadPages(client: DagsterClient, searches: readonly Search[]): Promise<boolean> {
  try {
    await readPages(client, searches);
    return true;
  } catch (error) {
    if (!(error instanceof DagsterFault)) throw error;
    for (const search of searches) {
      if (searches.length === 1) search.hasMore = false;
      search.isAlone = true;
    }
    return ["timed-out", "failing", "unreadable", "reset", "gateway"].includes(error.kind);
  }
}

function toFailures(searches: readonly Search[]): ReadonlyMap<string, Failure> {
  return new Map(
    searches.flatMap(({ runId, events }) => {
      const failure = toFailure(events);
      return failure === null ? [] : [[runId, failure] as const];
    }),
  );
}

async function readPages(client: DagsterClient, searches: readonly Search[]): Promise<void> {
  const variables = searches.flatMap(({ runId, cursor }, index) => [
    [`r${index}`, runId],
    [`c${index}`, cursor],
  ]);
  const answers = await client.ask({
    operation: "RunFailures",
    document: toFailuresDocument(searches.length),
    variables: { limit: eventsPerPage, ...Object.fromEntries(variables) },
    answer: failuresAnswer,
    timeoutSeconds: pageSeconds,
  });
  searches.forEach((search, index) => {
    const answer = answers[`r${index}`];
    if (answer?.__typename !== "Run") {
      search.hasMore = false;
      return;
    }
    const { events, cursor, hasMore } = answer.eventConnection;
    search.events.push(...events.filter((event) => event !== null));
    Object.assign(search, { cursor, hasMore });
  });
}

/**
 * Of several steps the first that failed: others may have failed for want of it. Its own error says most, but of an exception in
 * the code of a job, Dagster 1.13 has none there, and tells it with the end of the run.
 */
function toFailure(events: readonly FailureEvent[]): Failure | null {
  const step = events.find((event) => event.__typename === "ExecutionStepFailureEvent");
  const run = events.find((event) => event.__typename === "RunFailureEvent");
  // Of a run that could not be handed to its code location, Dagster's daemon tells so.
  const engine = events.findLast((event) => event.__typename === "EngineEvent" && event.error != null);
  const error = step?.error ?? run?.error ?? engine?.error ?? null;
  const message = error === null ? null : toReason(error);
  const words = message ?? run?.message ?? step?.message;
  return words === undefined ? null : { message: toMessage(words), step: step?.stepKey ?? null };
}

/** Exceptions in which Dagster wraps that of the job's code. They say no more than that a step failed. */
const wrappers: readonly string[] = ["DagsterExecutionStepExecutionError", "RetryRequestedFromPolicy"];

/** What the job's code raised, and what that came from. Null if nothing is said. */
function toReason({ message, className, errorChain }: Exception): string | null {
  const chain = errorChain.map(({ error }) => error.message);
  const isWrapped = chain.length > 0 && wrappers.includes(className ?? "");
  const [first, ...causes] = (isWrapped ? chain : [message, ...chain]).map((words) => toMessage(words));
  if (first === undefined || first === "") return null;
  const root = causes.at(-1);
  return root === undefined ? first : `${first} (from ${root})`;
}

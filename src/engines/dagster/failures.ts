import { type Exception, type FailureEvent, failuresAnswer } from "./answers.ts";
import type { DagsterClient } from "./client.ts";
import { toFailuresDocument } from "./documents.ts";
import { DagsterFault } from "./fault.ts";
import { toMessage } from "./words.ts";

/** Why a run failed; `step` is null if no step did. */
export interface Failure {
  readonly message: string;
  readonly step: string | null;
}

const runsPerRequest = 10;
const eventsPerPage = 1000;
/** Pages read per run. Dagster returns events from the first on only, and the failure is the last. */
const maxPages = 10;
const pageSeconds = 5;
/** 10,000 events without a failure have 500 KB. A failure brings its whole message, which a job may make as long as it likes. */
const maxPageBytes = 16 * 1024 * 1024;
/** Time for all runs together, since a turn of poll waits for it. */
const maxMilliseconds = 15_000;

/** The search through the events of one run. */
interface Search {
  readonly runId: string;
  cursor: string | null;
  hasMore: boolean;
  /** Whether it failed together with others, and is asked for in a request of its own. */
  isAlone: boolean;
  readonly events: FailureEvent[];
}

/** Returns failures by run id. A run whose reason could not be read is not in the map. A fault of Dagster never rejects. */
export async function findFailures(
  { client, monotonic }: { readonly client: DagsterClient; readonly monotonic: () => number },
  runIds: readonly string[],
): Promise<ReadonlyMap<string, Failure>> {
  const lastAt = monotonic() + maxMilliseconds;
  const searches = runIds.map((runId): Search => ({ runId, cursor: null, hasMore: true, isAlone: false, events: [] }));
  for (let page = 0; page < maxPages; page += 1) {
    for (const some of toRequests(searches)) {
      if (monotonic() >= lastAt) break;
      const isAsked = await tryReadPages(client, some);
      if (!isAsked) return toFailures(searches);
    }
  }
  return toFailures(searches);
}

/** Requests of ten runs each, then one request for each run that failed together with others. */
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
    maxAnswerBytes: maxPageBytes,
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
 * Picks the reason from the events of a run.
 *
 * - Step: the first that failed. Later steps may have failed because of it.
 * - Message: the error of that step; else the error of the run (Dagster 1.13 puts an exception in a job's code there); else the error
 *   of the last engine event (the daemon could not hand the run over to its code location).
 */
function toFailure(events: readonly FailureEvent[]): Failure | null {
  const step = events.find((event) => event.__typename === "ExecutionStepFailureEvent");
  const run = events.find((event) => event.__typename === "RunFailureEvent");
  const engine = events.findLast((event) => event.__typename === "EngineEvent" && event.error != null);
  const error = step?.error ?? run?.error ?? engine?.error ?? null;
  const message = error === null ? null : toReason(error);
  const words = message ?? run?.message ?? step?.message;
  return words === undefined ? null : { message: toMessage(words), step: step?.stepKey ?? null };
}

/** Exceptions in which Dagster wraps the exception of the job. Their own message only says that a step failed. */
const wrappers: readonly string[] = ["DagsterExecutionStepExecutionError", "RetryRequestedFromPolicy"];

/** The exception of the job and its root cause: "RuntimeError: … (from KeyError: …)". Null if the message is empty. */
function toReason({ message, className, errorChain }: Exception): string | null {
  const chain = errorChain.map(({ error }) => error.message);
  const isWrapped = chain.length > 0 && wrappers.includes(className ?? "");
  const [first, ...causes] = (isWrapped ? chain : [message, ...chain]).map((words) => toMessage(words));
  if (first === undefined || first === "") return null;
  const root = causes.at(-1);
  return root === undefined ? first : `${first} (from ${root})`;
}

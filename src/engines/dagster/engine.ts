import { type Clock, systemClock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import type { Engine } from "../engine.ts";
import { toAddress } from "./address.ts";
import { versionAnswer } from "./answers.ts";
import { createBreaker } from "./breaker.ts";
import { createCancel } from "./cancel.ts";
import { check } from "./check.ts";
import { checkJob } from "./check-job.ts";
import { type CallResult, createClient, defaultAnswerBytes } from "./client.ts";
import { type Connection, createConnection } from "./connection.ts";
import { versionDocument } from "./documents.ts";
import { launch } from "./launch.ts";
import { listRuns } from "./list-runs.ts";
import { parseAnswer } from "./parse-answer.ts";
import { listStatuses } from "./status.ts";
import { listLocations, readWorkspace } from "./workspace.ts";

/** A connection to one Dagster. */
export interface DagsterEngineOptions {
  readonly name: string;
  /** The address at which people open Dagster: with its path prefix, without `/graphql`, a credential or a query string. */
  readonly url: string;
  /** Sent with every request. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly launchesPerSecond: number | null;
  readonly maxRuns: number | null;
  readonly log: Logger;
  /** Called when the breaker opens or closes. It starts closed. */
  readonly onBreaker?: (isOpen: boolean) => void;
  /** Called after every request. */
  readonly onCall?: (operation: string, result: CallResult, seconds: number) => void;
  /** Upper limit for the time-out of every call. Without it, each call has its own. */
  readonly maxCallSeconds?: number;
  readonly clock?: Clock;
  /** Milliseconds of a monotonic clock, for the breaker and for limits per call. */
  readonly monotonic?: () => number;
}

/** Launches under way in this process. Dagster's webserver executes 40 requests at once. */
const maxLaunches = 50;
const pollSeconds = 5;
const probeSeconds = 4;

/** Creates an engine that runs jobs in a Dagster, through its GraphQL API. Keeps no state that must outlive the process. */
export function createDagsterEngine(options: DagsterEngineOptions): Engine {
  const { name, log, clock = systemClock, monotonic = () => performance.now() } = options;
  const { onBreaker = () => {}, onCall = () => {} } = options;
  const address = toAddress(options.url, options.headers);
  const connection = createConnection(address);
  const breaker = createBreaker({
    monotonic,
    probe: () => probe(connection),
    onChange(isOpen) {
      reportBreaker(log, name, isOpen);
      onBreaker(isOpen);
    },
  });
  const { maxCallSeconds = Number.POSITIVE_INFINITY } = options;
  const client = createClient({ connection, breaker, monotonic, onCall, maxCallSeconds });
  const cancel = createCancel({ client, clock, log, monotonic });
  const reports = createStatusReports(log, name);
  let launching = 0;

  return {
    name,
    durable: true,
    launchesPerSecond: options.launchesPerSecond,
    maxRuns: options.maxRuns,
    maxRunsHere: null,
    pollSeconds,
    room: () => (breaker.isOpen() ? 0 : Math.max(0, maxLaunches - launching)),
    async launch(request) {
      launching += 1;
      try {
        return await launch(client, request);
      } finally {
        launching -= 1;
      }
    },
    listRuns: (attempts) => listRuns(client, attempts),
    status: (runIds) => listStatuses({ client, clock, monotonic, ...reports }, runIds),
    cancel,
    forget() {},
    check: () => check(client, address.shown),
    jobs: async () => (await readWorkspace(client)).jobs,
    locations: () => listLocations(client),
    checkJob: (reference) => checkJob(client, reference),
    toRunUrl: (runId) => `${address.shown}/runs/${encodeURIComponent(runId)}`,
    held: () => [],
    waitUntilIdle: async () => {},
    close: () => connection.close(),
  };
}

/** A cheap request, by which the breaker finds out whether Dagster answers again. */
async function probe(connection: Connection): Promise<void> {
  const limits = { timeoutSeconds: probeSeconds, maxAnswerBytes: defaultAnswerBytes };
  const query = { operation: "Version", document: versionDocument, variables: {}, ...limits };
  parseAnswer("Version", versionAnswer, await connection.ask(query));
}

function reportBreaker(log: Logger, engine: string, isOpen: boolean): void {
  if (isOpen) log.warn({ engine }, "Dagster does not answer: requests are paused");
  else log.info({ engine }, "Dagster answers again");
}

/** Logs runs whose status EOM cannot tell: an unknown status once, since every poll would repeat it. */
function createStatusReports(log: Logger, engine: string) {
  const unknownStatuses = new Set<string>();
  return {
    onUnreadable(runId: string): void {
      log.warn({ engine, run_id: runId }, "Dagster cannot read a run: EOM treats it as running");
    },
    onUnknownStatus(status: string, runId: string): void {
      if (unknownStatuses.has(status)) return;
      unknownStatuses.add(status);
      const fields = { engine, run_id: runId, run_status: status };
      log.warn(fields, "unknown status of a Dagster run: EOM treats the run as running");
    },
  };
}

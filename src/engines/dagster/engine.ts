import { type Clock, systemClock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";
import type { Engine } from "../engine.ts";
import { toAddress } from "./address.ts";
import { versionAnswer } from "./answers.ts";
import { createBreaker } from "./breaker.ts";
import { createCancel } from "./cancel.ts";
import { check } from "./check.ts";
import { checkJob } from "./check-job.ts";
import { type CallResult, createClient } from "./client.ts";
import { createConnection } from "./connection.ts";
import { versionDocument } from "./documents.ts";
import { findRuns } from "./find-runs.ts";
import { launch } from "./launch.ts";
import { parseAnswer } from "./parse-answer.ts";
import { findStatuses } from "./status.ts";
import { listLocations, readWorkspace } from "./workspace.ts";

export interface DagsterEngineOptions {
  readonly name: string;
  /** What people open: with its path prefix, without `/graphql`, credentials or a query. */
  readonly url: string;
  /** Sent with every request. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly launchesPerSecond: number | null;
  readonly maxRuns: number | null;
  readonly log: Logger;
  /** Whether Dagster is left alone from now on, or asked again. Not called until that changes; at first it is asked. */
  readonly onBreaker?: (isOpen: boolean) => void;
  readonly onCall?: (operation: string, result: CallResult, seconds: number) => void;
  /** Of every call; none is waited for longer than its own limit. */
  readonly mostSeconds?: number;
  readonly clock?: Clock;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic?: () => number;
}

/** Dagster's webserver carries out 40 requests at once. */
const mostLaunches = 50;
const pollSeconds = 5;
const probeSeconds = 4;

/** Runs jobs in a Dagster, by its GraphQL API. It holds nothing that must outlive the process. */
export function createDagsterEngine(options: DagsterEngineOptions): Engine {
  const { name, log, clock = systemClock, monotonic = () => performance.now() } = options;
  const { onBreaker = () => {}, onCall = () => {} } = options;
  const address = toAddress(options.url, options.headers);
  const connection = createConnection(address);
  const breaker = createBreaker({
    monotonic,
    probe: async () => {
      const query = { operation: "Version", document: versionDocument, variables: {}, timeoutSeconds: probeSeconds };
      parseAnswer("Version", versionAnswer, await connection.ask(query));
    },
    onChange(isOpen) {
      log[isOpen ? "warn" : "info"](
        { engine: name },
        isOpen ? "Dagster is left alone for a while" : "Dagster answers again",
      );
      onBreaker(isOpen);
    },
  });
  const { mostSeconds = Number.POSITIVE_INFINITY } = options;
  const client = createClient({ connection, breaker, monotonic, onCall, mostSeconds });
  const cancel = createCancel({ client, clock, log, monotonic });
  const unknownStatuses = new Set<string>();
  let launching = 0;

  return {
    name,
    durable: true,
    launchesPerSecond: options.launchesPerSecond,
    maxRuns: options.maxRuns,
    pollSeconds,
    room: () => (breaker.isOpen() ? 0 : Math.max(0, mostLaunches - launching)),
    async launch(request) {
      launching += 1;
      try {
        return await launch(client, request);
      } finally {
        launching -= 1;
      }
    },
    listRuns: (attempts) => findRuns(client, attempts),
    status: (runIds) => findStatuses({ client, clock, monotonic, onUnknownStatus, onUnreadable }, runIds),
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

  function onUnreadable(runId: string): void {
    log.warn({ engine: name, run_id: runId }, "a run cannot be read, and is taken to go on");
  }

  function onUnknownStatus(status: string, runId: string): void {
    if (unknownStatuses.has(status)) return;
    unknownStatuses.add(status);
    log.warn({ engine: name, run_id: runId, run_status: status }, "this EOM does not know a status of Dagster's runs");
  }
}

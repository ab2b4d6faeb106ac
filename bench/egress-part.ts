import { sql } from "kysely";
import { Registry } from "prom-client";
import { createScheduler } from "../src/compose/scheduler.ts";
import { createDagsterEngine } from "../src/engines/dagster/engine.ts";
import { createEngines } from "../src/engines/registry.ts";
import { systemClock } from "../src/platform/clock.ts";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { createLogger } from "../src/platform/log.ts";
import { createWorkerMetrics } from "../src/platform/worker/metrics.ts";
import { createWakeUp } from "../src/platform/worker/wake-up.ts";
import { createSchedulerMetrics } from "../src/scheduler/metrics.ts";
import { createSchedulerWorkers, type SchedulerWorkers } from "../src/scheduler/workers.ts";
import { type FakeDagster, startFakeDagster } from "../test/engines/dagster/fake-dagster.ts";
import { fillSessions } from "./fill-sessions.ts";
import type { Part, PartOptions, PartResult } from "./part.ts";
import { startBenchPostgres } from "./postgres.ts";

const aim = 1 / 100;

/** Requests that Dagster got while the loops polled. */
interface Polled {
  /** How many requests of each operation. */
  readonly requests: Readonly<Record<string, number>>;
  /** How often a run's status was asked for: so many requests it would be, one each. */
  readonly statuses: number;
}

export const part: Part = {
  name: "egress",
  title: "Requests to Dagster",
  async run({ smoke, rounds: requestedRounds }: PartOptions): Promise<PartResult> {
    const runs = smoke ? 300 : 1_000;
    const polls = requestedRounds ?? (smoke ? 1 : 5);
    const { polled, version } = await measure(runs, polls);
    const requests = Object.values(polled.requests).reduce((sum, count) => sum + count, 0);
    const ratio = requests / polled.statuses;
    return {
      rows: [
        {
          work: `requests for ${runs.toLocaleString("en")} Dagster runs in flight, polled`,
          beside: "one request each",
          result: `1/${(1 / ratio).toFixed(0)}`,
          spread: "",
          aim: "≤ 1/100",
          isReached: ratio <= aim,
        },
      ],
      text: toText(runs, polls, polled, version),
    };
  },
};

async function measure(runs: number, polls: number) {
  await using stack = new AsyncDisposableStack();
  const postgres = await startBenchPostgres();
  stack.defer(postgres.remove);
  const { db, close } = openPostgresDatabase(await postgres.createDatabase("egress"), 10);
  stack.defer(close);
  await migrate(db);
  const fill = { schedules: runs, each: 1, owners: 10, overlap: "skip" } as const;
  await fillSessions(db, { ...fill, engine: "dagster", job });
  const dagster = await startFakeDagster();
  stack.defer(dagster.stop);
  const workers = createWorkers(db, dagster);
  stack.defer(workers.stop);
  await launchAll(db, workers, runs);
  const before = dagster.calls.length;
  for (let poll = 0; poll < polls; poll += 1) await workers.turn("poll", new AbortController().signal);
  return { polled: toPolled(dagster.calls.slice(before), runs * polls), version: postgres.version };
}

/** A job of the fake that goes on until it is told to end. */
const job = { location: "pipelines", repository: null, name: "hang" };

/** The scheduler's own loops with its own Dagster engine, as `eom start` has them. */
function createWorkers(db: Database, { url }: FakeDagster): SchedulerWorkers {
  const log = createLogger({ level: "error", format: "json" });
  const engine = createDagsterEngine({
    name: "dagster",
    url,
    headers: {},
    launchesPerSecond: null,
    maxRuns: null,
    log,
  });
  const parts = {
    db,
    clock: systemClock,
    log,
    engines: createEngines([engine], engine.name),
    storages: { findStoragesForRuns: async () => new Map() },
  };
  const { schedules, sessions } = createScheduler({ ...parts, onWork: () => {} });
  return createSchedulerWorkers({
    ...parts,
    clockGuard: { isRight: async () => true },
    schedules,
    sessions,
    metrics: createSchedulerMetrics(new Registry()),
    workerMetrics: createWorkerMetrics(new Registry()),
    wakeUp: createWakeUp(),
    isOnlyProcess: false,
  });
}

/** Until all of them run in Dagster. */
async function launchAll(db: Database, workers: SchedulerWorkers, runs: number): Promise<void> {
  let running = 0;
  while (running < runs) {
    await workers.turn("pick", new AbortController().signal);
    const { rows } = await sql<{ running: number }>`
      select count(*)::integer as running from ailbl_session where state = 'running'`.execute(db);
    const before = running;
    running = rows[0]?.running ?? 0;
    if (running === before) throw new Error(`only ${running} of ${runs} sessions were launched`);
  }
}

/** @throws when the requests did not ask for each run at each poll */
function toPolled(calls: FakeDagster["calls"], expected: number): Polled {
  const requests = Object.fromEntries(
    [...Map.groupBy(calls, ({ operation }) => operation)].map(([operation, of]) => [operation, of.length]),
  );
  const statuses = calls
    .filter(({ operation }) => operation === "RunStatuses")
    .reduce((sum, { variables }) => sum + (variables["filter"] as { runIds: string[] }).runIds.length, 0);
  if (statuses !== expected) throw new Error(`${statuses} statuses were asked for in place of ${expected}`);
  return { requests, statuses };
}

function toText(runs: number, polls: number, { requests, statuses }: Polled, version: string): string {
  const lines = Object.entries(requests).map(([operation, count]) => `| ${operation} | ${count} | ${count / polls} |`);
  return `| GraphQL operation | requests | a poll |
| --- | --- | --- |
${lines.join("\n")}

- ${polls} polls of ${runs.toLocaleString("en")} runs that all go on: ${statuses.toLocaleString("en")} statuses, so many requests it would be with one each. Each
  request asks for 250 runs at most.
- EOM: its own loops' turns and its own Dagster engine over HTTP; the sessions were picked and launched by it before, which
  takes a request a run and is not counted. A loop polls every 5 s.
- Dagster: the fake of \`test/engines/dagster\` on loopback, which counts what comes in; that its answers are those of a
  real Dagster is what the tests of EOM are for. PostgreSQL ${version}.
`;
}

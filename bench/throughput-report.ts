import { listVersions } from "./machine.ts";
import { toMedian } from "./median.ts";
import type { ResultRow } from "./part.ts";
import type { Worked } from "./queue.ts";
import { toRatioRow, toSpread } from "./ratio.ts";

export interface Contender {
  readonly name: string;
  /** Peers are what EOM is measured by; the floor is what any record of a session costs, and nobody's program. */
  readonly role: "eom" | "peer" | "floor";
  /** The program of this folder that is it. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

const graphileWorker = { role: "peer", file: "queue-graphile-worker.ts" } as const;
const pgBoss = { role: "peer", file: "queue-pg-boss.ts" } as const;

/** Each peer as its docs have it, and with what turned out fastest here of several settings. */
export const contenders: readonly Contender[] = [
  { name: "EOM", role: "eom", file: "queue-eom.ts", environment: {} },
  { name: "EOM, 50 slots each", role: "eom", file: "queue-eom.ts", environment: { BENCH_SLOTS_EACH: "50" } },
  { name: "graphile-worker", ...graphileWorker, environment: { BENCH_CONCURRENCY: "24", BENCH_BATCH: "500" } },
  { name: "graphile-worker, tuned", ...graphileWorker, environment: { BENCH_CONCURRENCY: "100", BENCH_BATCH: "2000" } },
  { name: "pg-boss", ...pgBoss, environment: { BENCH_CONCURRENCY: "4", BENCH_BATCH: "500" } },
  { name: "pg-boss, tuned", ...pgBoss, environment: { BENCH_CONCURRENCY: "2", BENCH_BATCH: "1000" } },
  { name: "bare statements", role: "floor", file: "queue-bare.ts", environment: {} },
];

interface Setup {
  readonly jobs: number;
  readonly rounds: number;
  readonly postgres: string;
}

type Measured = ReadonlyMap<Contender, readonly Worked[]>;

const atLeast = 2;

/** A line for each way to set EOM up. */
export function toThroughputRows(measured: Measured): ResultRow[] {
  const own = [...measured].filter(([{ role }]) => role === "eom");
  return own.map(([{ name }, worked]) =>
    toRatioRow({
      work: `sessions claimed, launched (no-op), completed: ${name}`,
      beside: "the better of graphile-worker and pg-boss, at their fastest",
      ratios: toRatios(measured, worked),
      atLeast,
    }),
  );
}

/** The section of RESULTS.md. */
export async function toThroughputText(measured: Measured, setup: Setup): Promise<string> {
  const lines = [...measured].map(([contender, worked]) => toLine(measured, contender, worked, setup.jobs));
  return `| queue | a second | spread of the rounds | to the better peer | spread | CPU of its process, cores |
| --- | --- | --- | --- | --- | --- |
${lines.join("\n")}

The ratio is the median, over the rounds, of its rate to that of the fastest peer in
the same round, however that one was set up.

- ${setup.jobs.toLocaleString("en")} no-op jobs, put in and vacuumed before; the time is from the start of the workers to the last end in the database,
  which is asked for only once every job was handled. That each was handled once is checked, and what is kept of it counted.
- Everyone: one process, its own database on the same PostgreSQL ${setup.postgres}, on the same machine, without fsync. One after the
  other, in ${setup.rounds} rounds after one that warms up; who goes first changes.
- EOM: \`bench/queue-eom.ts\`, all loops as \`eom start\` runs them, 10 connections, an engine in this process whose runs have
  succeeded at once. A schedule for each session with the default policies, ten owners; or fifty slots of each schedule,
  overlap allowed. It keeps leases, the run config, three steps of history and the schedule's counters for each.
- graphile-worker: \`bench/queue-graphile-worker.ts\`, as its docs' own page on performance: concurrentJobs 24, maxPoolSize 25,
  localQueue 500, both batch delays 0, no log line a job; tuned: 100 jobs at once, localQueue 2,000. It deletes what has
  succeeded.
- pg-boss: \`bench/queue-pg-boss.ts\`, batchSize 500, localConcurrency 4, burstWhenBatchFull, pollingIntervalSeconds 0.5, a
  partition of its own, 10 connections; tuned: batchSize 1,000, localConcurrency 2. It keeps a row for each job, without history.
- bare statements: \`bench/queue-bare.ts\`, no program, but the least that any queue writes which keeps a session, its lease and its
  three steps: a claim and an end, each a statement for 2,000, in four loops. Nothing else of what EOM does for a session is in it.

${await listVersions(".", ["graphile-worker", "pg-boss"])}.
`;
}

function toLine(measured: Measured, contender: Contender, worked: readonly Worked[], jobs: number): string {
  const rates = worked.map(({ seconds }) => jobs / seconds);
  const ratios = toRatios(measured, worked);
  const hasPeers = [...measured.keys()].some(({ role }) => role === "peer");
  const cells = [
    contender.name,
    toMedian(rates).toFixed(0),
    toSpread(rates, 0),
    ...(hasPeers ? [`**${toMedian(ratios).toFixed(2)}**`, toSpread(ratios, 2)] : ["none", "none"]),
    toMedian(worked.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)).toFixed(2),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The ratio to the fastest peer, for each round. */
function toRatios(measured: Measured, worked: readonly Worked[]): number[] {
  return worked.map(({ seconds }, round) => findBestPeerSeconds(measured, round) / seconds);
}

function findBestPeerSeconds(measured: Measured, round: number): number {
  const peers = [...measured].filter(([{ role }]) => role === "peer");
  return Math.min(...peers.map(([, worked]) => worked[round]?.seconds ?? Number.POSITIVE_INFINITY));
}

import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import type { Round, RoundOptions, Scenario, Side } from "./rounds.ts";

export interface Result {
  readonly scenario: Scenario;
  readonly rounds: readonly Round[];
}

export interface Setup {
  readonly rows: number;
  readonly fillSeconds: number;
  readonly postgres: string;
  readonly poolSize: number;
  readonly options: RoundOptions;
}

/** The median of the rounds' ratios, and the least and the greatest of them. */
export function toRatio(rounds: readonly Round[]): { median: number; least: number; greatest: number } {
  const ratios = rounds.map(({ eom, bare }) => eom.requestsPerSecond / bare.requestsPerSecond);
  return { median: toMedian(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
}

export async function toReport(results: readonly Result[], setup: Setup): Promise<string> {
  const { options } = setup;
  return `# EOM's HTTP API against a bare server

Made by \`node bench/run.ts\`; run it on your own machine, the ratios are what travels.

| request | EOM / bare | spread of the rounds | aim | EOM req/s | bare req/s | EOM CPU µs | bare CPU µs | EOM p50 / p99 ms | bare p50 / p99 ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${results.map(toLine).join("\n")}

The ratio is the median, over the rounds, of EOM's requests per second to the bare server's in the same round. CPU is the
server process's own user and system time a request.

## Set-up

- ${setup.rows.toLocaleString("en")} storages (\`bench/fill.ts\`, filled in ${setup.fillSeconds.toFixed(0)} s), PostgreSQL ${setup.postgres} on the same machine, without fsync.
- EOM: \`bench/eom-server.ts\`, the whole program: token authentication, validation of path and query, request ids, entity
  tags, metrics, a JSON log line a request (to the null device).
- Bare: \`bench/bare-server.ts\`, node:http and postgres.js, prepared and pipelined: the same statements, rows and JSON. It has
  **no** authentication, validation, log, metrics, request ids, entity tags, \`Link\` header or error answers.
- Both: one process, ${setup.poolSize} connections to PostgreSQL.
- Load: \`bench/load.ts\`, a third process, undici, ${options.connections} keep-alive connections, one request under way on each.
- ${options.rounds} rounds of ${options.roundMilliseconds / 1000} s for each server after a warm-up of ${options.warmUpMilliseconds / 1000} s; the servers take turns, and turns at going first.
- Before the rounds, EOM's answers and the bare server's are compared field by field.

| | |
| --- | --- |
| machine | ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}; shared by the load, both servers and PostgreSQL |
| Node | ${process.version} |
${(await listVersions()).join("\n")}
`;
}

function toLine({ scenario, rounds }: Result): string {
  const ratio = toRatio(rounds);
  const median = (pick: (round: Round) => number, digits = 0) => toMedian(rounds.map(pick)).toFixed(digits);
  const times = (side: "eom" | "bare") =>
    `${median((round) => round[side].medianMilliseconds, 1)} / ${median((round) => round[side].p99Milliseconds, 1)}`;
  const both = (field: keyof Side) =>
    `${median((round) => round.eom[field])} | ${median((round) => round.bare[field])}`;
  const cells = [
    scenario.name,
    `**${ratio.median.toFixed(2)}**`,
    `${ratio.least.toFixed(2)} to ${ratio.greatest.toFixed(2)}`,
    scenario.aim === null ? "none" : `≥ ${scenario.aim}`,
    both("requestsPerSecond"),
    both("cpuMicrosecondsPerRequest"),
    times("eom"),
    times("bare"),
  ];
  return `| ${cells.join(" | ")} |`;
}

function toMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

async function listVersions(): Promise<string[]> {
  const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  return ["hono", "@hono/node-server", "kysely", "kysely-postgres-js", "postgres", "zod", "pino", "undici"].map(
    (name) => `| ${name} | ${manifest.dependencies[name]} |`,
  );
}

import { cpus, totalmem } from "node:os";

export interface Comparison {
  readonly name: string;
  /** The least ratio that is aimed at; null where it is told for information. */
  readonly aim: number | null;
  /** Requests a second of both, one directly after the other. */
  readonly rounds: readonly { readonly mine: number; readonly other: number }[];
}

interface Setup {
  readonly rounds: number;
  readonly seconds: number;
  readonly clients: number;
  readonly connections: number;
}

export function toMeteringReport(results: readonly Comparison[], setup: Setup): string {
  return `# Metering, beside what is naive

Made by \`npm run bench:metering\`; run it on your own machine, the ratios are what travels.

| what | ratio | spread of the rounds | aim | first, req/s | second, req/s |
| --- | --- | --- | --- | --- | --- |
${results.map(toLine).join("\n")}

- Naive: \`bench/metering-ways.ts\`, a transaction of SELECT … FOR UPDATE, a look, UPDATE, INSERT into the ledger, COMMIT by
  postgres.js, prepared. It has **no** idempotency keys, periods, reservations, thresholds or events; EOM has all of them.
- One by one: EOM's own statement of admission for each request by itself, on all connections.
- ${setup.clients} clients at once unless it says alone, ${setup.connections} connections each, ${setup.rounds} rounds of ${setup.seconds} s in turns; PostgreSQL 18 on the same
  machine, without fsync: with it, what goes together in one commit gains more.
- Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; shared by the load, EOM and PostgreSQL. Node ${process.version}.
`;
}

function toLine({ name, aim, rounds }: Comparison): string {
  const ratios = rounds.map(({ mine, other }) => mine / other);
  const cells = [
    name,
    `**${toMedian(ratios).toFixed(2)}**`,
    `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    aim === null ? "none" : `≥ ${aim}`,
    toMedian(rounds.map(({ mine }) => mine)).toFixed(0),
    toMedian(rounds.map(({ other }) => other)).toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

function toMedian(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

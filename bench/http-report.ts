import type { HttpSettings } from "./http-part.ts";
import { listVersions } from "./machine.ts";
import { toMedian } from "./median.ts";
import type { ResultRow } from "./part.ts";
import { listPythonVersions, pythonWorkers, toShare } from "./python-peers.ts";
import { toRatioRow } from "./ratio.ts";
import type { Round, Turn } from "./rounds.ts";
import type { Peer, Scenario } from "./scenarios.ts";

export interface Comparison {
  readonly scenario: Scenario;
  readonly rounds: readonly Round<Peer | "eom">[];
}

interface Setup extends HttpSettings {
  readonly fillSeconds: number;
  readonly postgres: string;
  readonly poolSize: number;
  readonly connections: number;
}

const eomParts = ["hono", "@hono/node-server", "kysely", "kysely-postgres-js", "postgres", "zod", "pino", "undici"];
const pythonParts = [
  "Flask",
  "gunicorn",
  "psycopg2-binary",
  "fastapi",
  "uvicorn",
  "uvloop",
  "httptools",
  "asyncpg",
  "pydantic",
];

const names: Readonly<Record<Peer | "eom", string>> = {
  eom: "EOM",
  bare: "bare node:http and postgres.js",
  flask: "Flask, psycopg2, pydantic, gunicorn",
  fastapi: "FastAPI, asyncpg, pydantic, uvicorn",
  inserts: "the bare INSERTs",
};

/** A line for each scenario and peer. */
export function toHttpRows(comparisons: readonly Comparison[]): ResultRow[] {
  return comparisons.flatMap(({ scenario, rounds }) =>
    [...scenario.aims].map(([peer, atLeast]) => {
      const ratios = rounds.map((round) => toTurn(round, "eom").perSecond / toTurn(round, peer).perSecond);
      return toRatioRow({ work: scenario.name, beside: names[peer], ratios, atLeast });
    }),
  );
}

/** The section of RESULTS.md. */
export async function toHttpText(comparisons: readonly Comparison[], setup: Setup): Promise<string> {
  return `| work | by | a second | CPU µs each | p50 / p99 ms |
| --- | --- | --- | --- | --- |
${comparisons.flatMap(toLines).join("\n")}

Medians of the rounds. CPU is user and system time of the contestant's own processes.

${toSetupText(setup)}

EOM: ${await listVersions("..", eomParts)}.
Python: ${await listPythonVersions(pythonParts)}.
`;
}

function toSetupText(setup: Setup): string {
  const share = toShare(setup.poolSize);
  return `- ${setup.storages.toLocaleString("en")} storages (\`bench/fill.ts\`, filled in ${setup.fillSeconds.toFixed(0)} s), PostgreSQL ${setup.postgres} on the same machine, without fsync.
- Load: \`bench/load.ts\`, a process of its own, undici, ${setup.connections} keep-alive connections, one request under way on each.
  ${setup.rounds} rounds of ${setup.roundMilliseconds / 1000} s for each after a warm-up of ${setup.warmUpMilliseconds / 1000} s; they take turns, and turns at going first. Load, servers and PostgreSQL share
  the machine's cores.
- Everyone has ${setup.poolSize} connections to PostgreSQL in all and sends EOM's own statements. Before the rounds, the answers are compared
  field by field.
- EOM: \`bench/eom-server.ts\`, the whole program, **one** process: token authentication, validation of path, query and body,
  request ids, entity tags, metrics, a JSON log line a request (to the null device).
- Bare: \`bench/bare-server.ts\`, node:http and postgres.js, prepared and pipelined, one process. It has **no** authentication,
  validation, log, metrics, request ids, entity tags, \`Link\` header or error answers.
- Flask: \`bench/python/flask_peer.py\`, under gunicorn with ${pythonWorkers} workers, as many as cores, of the class gthread, which its docs have
  for keep-alive connections, ${share} threads in each and a connection for each thread, in autocommit. psycopg2 from its wheel.
- FastAPI: \`bench/python/fastapi_peer.py\`, under uvicorn with ${pythonWorkers} workers on uvloop and httptools; asyncpg, prepared, a pool of
  ${share} in each.
- Both Python peers validate path and query and build their answers with pydantic, which writes the JSON itself. They have **no**
  authentication, log, metrics, request ids or entity tags.
- The bare INSERTs: \`bench/bare-inserts.ts\`, one process, **no HTTP**: copies of the rows that EOM leaves for a create, the storage,
  its sealed credential, the entry of the audit and the answer for the Idempotency-Key, in one transaction of postgres.js,
  prepared and pipelined; ${setup.connections} at once, too. That as many rows come into the same tables is checked before.`;
}

function toLines({ scenario, rounds }: Comparison): string[] {
  return (["eom", ...scenario.aims.keys()] as const).map((name) => {
    const median = (pick: (turn: Turn) => number | null, digits: number) =>
      toMedian(rounds.map((round) => pick(toTurn(round, name)) ?? Number.NaN)).toFixed(digits);
    const cells = [
      scenario.name,
      names[name],
      median(({ perSecond }) => perSecond, 0),
      median(({ cpuMicrosecondsEach }) => cpuMicrosecondsEach, 0),
      `${median(({ medianMilliseconds }) => medianMilliseconds, 1)} / ${median(({ p99Milliseconds }) => p99Milliseconds, 1)}`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

function toTurn(round: Round<Peer | "eom">, name: Peer | "eom"): Turn {
  const turn = round.get(name);
  if (turn === undefined) throw new Error(`${name} took no turn`);
  return turn;
}

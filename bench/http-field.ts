import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InsertOrder } from "./bare-inserts.ts";
import type { FilledDatabase } from "./database.ts";
import { startInserts } from "./inserts.ts";
import {
  type AskedProcess,
  type LoadProcess,
  type ServerProcess,
  startLoadProcess,
  startServerProcess,
} from "./processes.ts";
import { startFastApi, startFlask } from "./python-peers.ts";
import type { Contestant, Turn } from "./rounds.ts";
import { type Peer, requireSameAnswers, type Scenario } from "./scenarios.ts";

/** To PostgreSQL, of each contestant in all. */
export const poolSize = 10;
/** Connections of the load, with one request under way on each. */
export const connections = 32;

/** Everything that runs while the rounds go on. */
interface Field {
  readonly token: string;
  readonly load: LoadProcess;
  readonly eom: ServerProcess;
  readonly servers: ReadonlyMap<Peer, ServerProcess>;
  /** Null where no create is measured. */
  readonly inserts: AskedProcess | null;
}

/** Starts EOM, the load and these peers; `stack` stops them. */
export async function startField(
  stack: AsyncDisposableStack,
  { db, url }: FilledDatabase,
  peers: ReadonlySet<Peer>,
  profileFolder: string | null,
): Promise<Field> {
  const dataDir = await mkdtemp(join(tmpdir(), "eom-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const token = `eom_${randomBytes(32).toString("base64url")}`;
  const environment = { EOM_DATABASE_URL: url, EOM_DATABASE_POOL: String(poolSize), EOM_DATA_DIR: dataDir };
  const execArgv = profileFolder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const eom = await startServerProcess("eom-server.ts", { ...environment, BENCH_TOKEN: token }, execArgv);
  stack.defer(eom.stop);
  const starts = new Map<Peer, () => Promise<ServerProcess>>([
    ["bare", () => startServerProcess("bare-server.ts", environment, execArgv)],
    ["flask", () => startFlask({ databaseUrl: url, poolSize })],
    ["fastapi", () => startFastApi({ databaseUrl: url, poolSize })],
  ]);
  const servers = new Map<Peer, ServerProcess>();
  for (const [name, start] of starts) {
    if (!peers.has(name)) continue;
    const server = await start();
    stack.defer(server.stop);
    servers.set(name, server);
  }
  const load = startLoadProcess();
  stack.defer(load.stop);
  const inserts = peers.has("inserts") ? await startInserts(db, { url: eom.url, token }, environment) : null;
  if (inserts !== null) stack.defer(inserts.stop);
  return { token, load, eom, servers, inserts };
}

/**
 * Those whom this scenario is about, EOM first.
 *
 * @throws when servers that are only asked to read do not tell the same
 */
export async function prepareContestants(field: Field, scenario: Scenario): Promise<Contestant<Peer | "eom">[]> {
  const peers = [...scenario.aims.keys()];
  const servers = peers.flatMap((name) => {
    const server = field.servers.get(name);
    return server === undefined ? [] : [{ name, server }];
  });
  const urls = [field.eom, ...servers.map(({ server }) => server)].map(({ url }) => url);
  if (scenario.body === null) await requireSameAnswers(urls, scenario, field.token);
  const contestants: Contestant<Peer | "eom">[] = [{ name: "eom" as const, server: field.eom }, ...servers].map(
    ({ name, server }) => ({ name, measure: (milliseconds) => loadServer(field, server, scenario, milliseconds) }),
  );
  const { inserts } = field;
  if (inserts === null || !peers.includes("inserts")) return contestants;
  const measure = async (milliseconds: number) =>
    (await inserts.ask({ clients: connections, milliseconds } satisfies InsertOrder)) as Turn;
  return [...contestants, { name: "inserts", measure }];
}

async function loadServer(
  { load, token }: Field,
  server: ServerProcess,
  { paths, body }: Scenario,
  milliseconds: number,
): Promise<Turn> {
  const cpuBefore = await server.cpuMicroseconds();
  const { requests, seconds, ...latencies } = await load.run({
    url: server.url,
    paths,
    body,
    token,
    connections,
    milliseconds,
  });
  const cpuAfter = await server.cpuMicroseconds();
  const cpuMicrosecondsEach = cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / requests;
  return { perSecond: requests / seconds, cpuMicrosecondsEach, ...latencies };
}

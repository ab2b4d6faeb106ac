import { sql } from "kysely";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { createPostgresServer, type PostgresServer } from "../test/support/database/postgres.ts";
import type { Part, PartResult } from "./part.ts";
import { type AskedProcess, startAskedProcess } from "./processes.ts";
import type { QueueOrder, Worked } from "./queue.ts";
import { type Contender, contenders, toThroughputRows, toThroughputText } from "./throughput-report.ts";

export interface ThroughputSettings {
  readonly jobs: number;
  readonly rounds: number;
  /** A first round that does not count. */
  readonly warmsUp: boolean;
  /** For work on one thing; the part itself inspects nothing. */
  readonly inspected: {
    /** Only those with this in their name. */
    readonly contender: string | null;
    /** Where CPU profiles are written. */
    readonly profileFolder: string | null;
    /** Whether to tell where PostgreSQL's time went. */
    readonly statements: boolean;
  };
}

/** How many no-op jobs a second EOM and its peers work off. */
export const part: Part = {
  name: "throughput",
  title: "Sessions worked off",
  run({ smoke, rounds }) {
    const inspected = { contender: null, profileFolder: null, statements: false };
    return measureThroughput(
      smoke
        ? { jobs: 1_000, rounds: rounds ?? 1, warmsUp: false, inspected }
        : { jobs: 50_000, rounds: rounds ?? 5, warmsUp: true, inspected },
    );
  },
};

/** @throws when a job was not handled, or not once */
export async function measureThroughput(settings: ThroughputSettings): Promise<PartResult> {
  await using stack = new AsyncDisposableStack();
  const { jobs, rounds, inspected } = settings;
  const server = await createPostgresServer();
  stack.defer(server.remove);
  if (inspected.statements) await loadStatistics(server);
  const maintenance = openPostgresDatabase(server.url, 1);
  stack.defer(maintenance.close);
  const { db } = maintenance;
  const chosen = contenders.filter(({ name }) => name.includes(inspected.contender ?? ""));
  const processes = new Map<Contender, AskedProcess>();
  for (const contender of chosen) {
    const process = await startContender(db, server.url, contender, inspected.profileFolder);
    stack.defer(process.stop);
    processes.set(contender, process);
  }
  const worked = new Map<Contender, Worked[]>(chosen.map((contender) => [contender, []]));
  for (let round = settings.warmsUp ? 0 : 1; round <= rounds; round += 1) {
    // Each goes first in turn, so that no drift favours one.
    const first = round % chosen.length;
    for (const contender of [...chosen.slice(first), ...chosen.slice(0, first)]) {
      const result = await measureOne(db, processes.get(contender), contender, settings);
      if (round > 0) worked.get(contender)?.push(result);
      console.log(round, contender.name, `${(jobs / result.seconds).toFixed(0)}/s`);
    }
  }
  const postgres = await findVersion(db);
  return { rows: toThroughputRows(worked), text: await toThroughputText(worked, { jobs, rounds, postgres }) };
}

async function startContender(
  db: Database,
  url: string,
  { name, file, environment }: Contender,
  profileFolder: string | null,
): Promise<AskedProcess> {
  const database = name.replaceAll(/\W+/g, "_");
  await sql`create database ${sql.id(database)}`.execute(db);
  const own = new URL(url);
  own.pathname = `/${database}`;
  const execArgv = profileFolder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  return startAskedProcess(file, { BENCH_DATABASE_URL: own.toString(), ...environment }, execArgv);
}

async function measureOne(
  db: Database,
  process: AskedProcess | undefined,
  { name }: Contender,
  { jobs, inspected }: ThroughputSettings,
): Promise<Worked> {
  if (process === undefined) throw new Error(`${name} was not started`);
  await process.ask({ order: "fill", jobs } satisfies QueueOrder);
  await sql`checkpoint`.execute(db);
  if (inspected.statements) await sql`select pg_stat_statements_reset()`.execute(db);
  const worked = (await process.ask({ order: "work", jobs } satisfies QueueOrder)) as Worked;
  if (inspected.statements) console.log(await listStatements(db));
  return worked;
}

/** A library of PostgreSQL's own that costs a little itself. */
async function loadStatistics(server: PostgresServer): Promise<void> {
  const before = openPostgresDatabase(server.url, 1);
  await sql`alter system set shared_preload_libraries = 'pg_stat_statements'`.execute(before.db);
  await before.close();
  await server.stop();
  await server.start();
  const after = openPostgresDatabase(server.url, 1);
  await sql`create extension pg_stat_statements`.execute(after.db);
  await after.close();
}

async function listStatements(db: Database): Promise<string> {
  const { rows } = await sql<{ calls: number; seconds: number; rows: number; query: string }>`
    select calls, rows, total_exec_time / 1000 as seconds, regexp_replace(left(query, 400), '\\s+', ' ', 'g') as query
    from pg_stat_statements order by total_exec_time desc limit 14`.execute(db);
  return rows
    .map(
      ({ calls, seconds, rows, query }) =>
        `${seconds.toFixed(2)} s  ${calls} calls  ${rows} rows  ${query.slice(0, 180)}`,
    )
    .join("\n");
}

async function findVersion(db: Database): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(db);
  return rows[0]?.server_version ?? "unknown";
}

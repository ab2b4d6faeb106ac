import { parseArgs } from "node:util";
import { sql } from "kysely";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { createPostgresServer, type PostgresServer } from "../test/support/postgres.ts";
import { type AskedProcess, startAskedProcess } from "./processes.ts";
import type { QueueOrder, Worked } from "./queue.ts";
import { writeSection } from "./section.ts";
import { type Contender, contenders, toThroughputReport } from "./throughput-report.ts";

const { values } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    jobs: { type: "string" },
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    profile: { type: "string" },
    statements: { type: "boolean", default: false },
  },
});
const jobs = Number(values.jobs ?? (values.smoke ? 1_000 : 50_000));
const rounds = Number(values.rounds ?? (values.smoke ? 1 : 5));

/**
 * Measures how many no-op jobs a second EOM and its peers work off, and writes that part of SCHEDULER.md.
 *
 * `--smoke` checks with few jobs that all of it works; its figures mean nothing. For work on one thing, without SCHEDULER.md:
 * `--only TEXT` takes those with TEXT in their name, `--profile FOLDER` writes CPU profiles there, `--statements` tells
 * where PostgreSQL's time went.
 */
async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const server = await createPostgresServer();
  stack.defer(server.remove);
  if (values.statements) await loadStatistics(server);
  const maintenance = openPostgresDatabase(server.url, 1);
  stack.defer(maintenance.close);
  const { db } = maintenance;
  const chosen = contenders.filter(({ name }) => name.includes(values.only));
  const processes = new Map<Contender, AskedProcess>();
  for (const contender of chosen) {
    const process = await startContender(db, server.url, contender);
    stack.defer(process.stop);
    processes.set(contender, process);
  }
  const worked = new Map<Contender, Worked[]>(chosen.map((contender) => [contender, []]));
  // The first round warms the processes up and does not count.
  for (let round = values.smoke ? 1 : 0; round <= rounds; round += 1) {
    // Each goes first in turn, so that no drift favours one.
    const first = round % chosen.length;
    for (const contender of [...chosen.slice(first), ...chosen.slice(0, first)]) {
      const one = await measureOne(db, processes.get(contender), contender);
      if (round > 0) worked.get(contender)?.push(one);
      console.log(round, contender.name, `${(jobs / one.seconds).toFixed(0)}/s`);
    }
  }
  const postgres = await findVersion(db);
  const report = await toThroughputReport(worked, { jobs, rounds, postgres });
  if (values.smoke) console.log("The bench works; a smoke run's figures mean nothing.");
  else if (values.only === "" && values.profile === undefined && !values.statements) {
    await writeSection("Sessions worked off", report);
  } else console.log(report);
}

async function startContender(
  db: Database,
  url: string,
  { name, file, environment }: Contender,
): Promise<AskedProcess> {
  const database = name.replaceAll(/\W+/g, "_");
  await sql`create database ${sql.id(database)}`.execute(db);
  const own = new URL(url);
  own.pathname = `/${database}`;
  const execArgv = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  return startAskedProcess(file, { BENCH_DATABASE_URL: own.toString(), ...environment }, execArgv);
}

async function measureOne(db: Database, process: AskedProcess | undefined, { name }: Contender): Promise<Worked> {
  if (process === undefined) throw new Error(`${name} was not started`);
  await process.ask({ order: "fill", jobs } satisfies QueueOrder);
  await sql`checkpoint`.execute(db);
  if (values.statements) await sql`select pg_stat_statements_reset()`.execute(db);
  const worked = (await process.ask({ order: "work", jobs } satisfies QueueOrder)) as Worked;
  if (values.statements) console.log(await listStatements(db));
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

await run();

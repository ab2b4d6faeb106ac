import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { migrate } from "../src/platform/database/migrate.ts";
import type { OpenDatabase } from "../src/platform/database/open.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { createPostgresServer } from "../test/support/postgres.ts";
import { fillUsers } from "./fill-quotas.ts";
import { type Comparison, toMeteringReport } from "./metering-report.ts";
import { type Consume, createGrouped, createNaive, createSingle } from "./metering-ways.ts";
import { startLoadProcess, startServerProcess } from "./processes.ts";

const { values } = parseArgs({ options: { smoke: { type: "boolean", default: false } } });
const seconds = values.smoke ? 0.3 : 4;
const rounds = values.smoke ? 1 : 5;
const manyUsers = values.smoke ? 5_000 : 1_000_000;
const connections = 10;
const clients = 64;

type Measure = () => Promise<number>;

/** So many at once, each asking again when it was answered. @returns requests a second */
async function load(consume: Consume, pickUser: () => string, count = clients): Promise<number> {
  const startedAt = performance.now();
  let requests = 0;
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (performance.now() - startedAt < seconds * 1000) {
        await consume(pickUser());
        requests += 1;
      }
    }),
  );
  return requests / ((performance.now() - startedAt) / 1000);
}

/** In turns, so that whatever else the machine does falls on both. */
async function compare(name: string, aim: number | null, mine: Measure, other: Measure): Promise<Comparison> {
  const measured: { mine: number; other: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = await (round % 2 === 0 ? mine : other)();
    const second = await (round % 2 === 0 ? other : mine)();
    measured.push(round % 2 === 0 ? { mine: first, other: second } : { mine: second, other: first });
  }
  console.log(name, measured.map((one) => (one.mine / one.other).toFixed(2)).join(" "));
  return { name, aim, rounds: measured };
}

const anyOf = (users: number) => () => `u${Math.floor(Math.random() * users)}`;
const hot = () => "u0";

async function compareStatements(few: OpenDatabase, url: string): Promise<Comparison[]> {
  const grouped = createGrouped(few).consume;
  const single = createSingle(few);
  const naive = createNaive(url, connections);
  try {
    return [
      await compare(
        "consume, one hot user: EOM / naive",
        5,
        () => load(grouped, hot),
        () => load(naive.consume, hot),
      ),
      await compare(
        "consume, 10,000 users: EOM / naive",
        2,
        () => load(grouped, anyOf(10_000)),
        () => load(naive.consume, anyOf(10_000)),
      ),
      await compare(
        "consume, one hot user: grouped / one by one",
        null,
        () => load(grouped, hot),
        () => load(single, hot),
      ),
      await compare(
        "consume, one client alone: EOM / naive",
        null,
        () => load(grouped, hot, 1),
        () => load(naive.consume, hot, 1),
      ),
    ];
  } finally {
    await naive.close();
  }
}

async function compareSizes(few: OpenDatabase, many: OpenDatabase): Promise<Comparison[]> {
  const [small, large] = [createGrouped(few), createGrouped(many)];
  const each = (ask: (side: typeof small) => Consume) =>
    [() => load(ask(large), anyOf(manyUsers)), () => load(ask(small), anyOf(1000))] as const;
  return [
    await compare(`consume: ${manyUsers} users / 1,000 users`, 0.7, ...each(({ consume }) => consume)),
    await compare(`check: ${manyUsers} users / 1,000 users`, 0.7, ...each(({ check }) => check)),
  ];
}

async function compareHttp(url: string, quotaId: string): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "eom-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const token = `eom_${randomBytes(32).toString("base64url")}`;
  const server = await startServerProcess("eom-server.ts", {
    EOM_DATABASE_URL: url,
    EOM_DATABASE_POOL: String(connections),
    EOM_DATA_DIR: dataDir,
    BENCH_TOKEN: token,
  });
  stack.defer(server.stop);
  const process = startLoadProcess();
  stack.defer(process.stop);
  const body = JSON.stringify({ amounts: { MaxOrderTimes: 1 } });
  const toPath = (user: number) => `/eom/admin/users/u${user}/usage/consume`;
  const ask = async (paths: string[], more: { body?: string }) => {
    const load = { url: server.url, paths, token, connections: clients, milliseconds: seconds * 1000, ...more };
    const measured = await process.run(load);
    return measured.requests / measured.seconds;
  };
  const get = () => ask([`/eom/admin/quotas/${quotaId}`], {});
  const users = Array.from({ length: 10_000 }, (_, n) => toPath(n));
  return [
    await compare("HTTP: consume of one hot user / GET by id", 0.5, () => ask([toPath(0)], { body }), get),
    await compare("HTTP: consume of 10,000 users / GET by id", 0.5, () => ask(users, { body }), get),
  ];
}

/** Measures metering beside what is naive, and writes METERING.md. `--smoke` checks with little that all of it works. */
async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const server = await createPostgresServer();
  stack.defer(server.remove);
  const open = async (name: string, users: number) => {
    const maintenance = openPostgresDatabase(server.url, 1);
    await sql`create database ${sql.id(name)}`.execute(maintenance.db);
    await maintenance.close();
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    const database = openPostgresDatabase(url.toString(), connections);
    stack.defer(database.close);
    await migrate(database.db);
    return { database, url: url.toString(), quotaId: await fillUsers(database.db, users) };
  };
  const few = await open("few", 10_000);
  const many = await open("many", manyUsers);
  const results = [
    ...(await compareStatements(few.database, few.url)),
    ...(await compareSizes(few.database, many.database)),
    ...(await compareHttp(few.url, few.quotaId)),
  ];
  if (values.smoke) console.log("The bench works; a smoke run's figures mean nothing.");
  else {
    const report = toMeteringReport(results, { rounds, seconds, clients, connections });
    await writeFile(new URL("METERING.md", import.meta.url), report);
    console.log(report);
  }
}

await run();

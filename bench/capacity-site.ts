import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import type { Database } from "../src/platform/database/tables.ts";
import { createPostgresServer } from "../test/support/database/postgres.ts";
import { createMeter, type Meter, type ReadCpu } from "./capacity-meter.ts";
import type { WorkerOrder } from "./capacity-worker.ts";
import type { Measured } from "./clients.ts";
import { fillStorages } from "./fill.ts";
import { fillUsers } from "./fill-quotas.ts";
import type { Offered, Stream } from "./open-load.ts";
import { type NodeServerProcess, startAskedProcess, startLoadProcess, startServerProcess } from "./processes.ts";
import { listScenarios } from "./scenarios.ts";

export interface Sizes {
  readonly storages: number;
  readonly users: number;
}

export interface Worker {
  order(order: WorkerOrder): Promise<number>;
  readonly readCpu: ReadCpu;
  /** Stops it. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Api extends NodeServerProcess {
  /** As many clients as connections, each asking again when it was answered. */
  load(connections: number, seconds: number, stream: Omit<Stream, "rate">): Promise<Measured>;
  /** At their rates. */
  offer(seconds: number, streams: readonly Stream[]): Promise<Offered>;
  /** How many statements of admission there were since the start. */
  countStatements(): Promise<number>;
}

/** What is asked over HTTP. */
export interface Requests {
  readonly get: Omit<Stream, "rate">;
  readonly list: Omit<Stream, "rate">;
  readonly create: Omit<Stream, "rate">;
  /** Of users `u0`, `u1` and so on, one after the other. */
  consume(users: number): Omit<Stream, "rate">;
}

/** A PostgreSQL with storages and users, and nobody that works on it yet. */
export interface Site {
  readonly db: Database;
  readonly url: string;
  readonly meter: Meter;
  readonly requests: Requests;
  /** The server's version. */
  readonly postgres: string;
  startApi(): Promise<Api>;
  startWorker(): Promise<Worker>;
  close(): Promise<void>;
}

/** Connections of each process. */
export const poolSize = 10;

/** One for five connections (compose.ts). */
export const lanes = 2;

export async function openSite({ storages, users }: Sizes): Promise<Site> {
  await using stack = new AsyncDisposableStack();
  const server = await createPostgresServer();
  stack.defer(server.remove);
  const { db, close: closeDatabase } = openPostgresDatabase(server.url, 2);
  stack.defer(closeDatabase);
  await migrate(db);
  await fillStorages(db, storages);
  await fillUsers(db, users);
  const dataDir = await mkdtemp(join(tmpdir(), "eom-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const environment = {
    EOM_DATABASE_URL: server.url,
    EOM_DATABASE_POOL: String(poolSize),
    EOM_DATA_DIR: dataDir,
    NODE_COMPILE_CACHE: join(dataDir, "compiled"),
  };
  const meter = await createMeter(db, server.data);
  const site = {
    db,
    url: server.url,
    meter,
    requests: await listRequests(db, storages),
    postgres: await findVersion(db),
  };
  const opened = stack.move();
  return {
    ...site,
    startApi: () => startApi(environment),
    startWorker: () => startWorker(environment),
    close: () => opened.disposeAsync(),
  };
}

async function listRequests(db: Database, storages: number): Promise<Requests> {
  const [get, list, , create] = await listScenarios(db, storages);
  return {
    get: { paths: get?.paths ?? [], body: null },
    list: { paths: list?.paths ?? [], body: null },
    create: { paths: create?.paths ?? [], body: create?.body ?? null },
    consume: (users) => ({
      paths: Array.from({ length: users }, (_, n) => `/eom/admin/users/u${n}/usage/consume`),
      body: JSON.stringify({ amounts: { MaxOrderTimes: 1 } }),
    }),
  };
}

async function findVersion(db: Database): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(db);
  return rows[0]?.server_version ?? "unknown";
}

async function startApi(environment: Record<string, string>): Promise<Api> {
  const token = `eom_${randomBytes(32).toString("base64url")}`;
  const server = await startServerProcess("eom-server.ts", { ...environment, BENCH_TOKEN: token });
  const closed = startLoadProcess();
  const open = await startAskedProcess("open-load.ts", {});
  return {
    ...server,
    load: (connections, seconds, stream) =>
      closed.run({ url: server.url, token, ...stream, connections, milliseconds: seconds * 1000 }),
    offer: async (seconds, streams) => (await open.ask({ url: server.url, token, streams, seconds })) as Offered,
    countStatements: () => countStatements(server.url),
    stop: async () => {
      await Promise.all([closed.stop(), open.stop()]);
      await server.stop();
    },
  };
}

async function countStatements(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^eom_metering_batch_size_count(?:\{.*\})? (\d+)/m.exec(text)?.[1] ?? 0);
}

async function startWorker(environment: Record<string, string>): Promise<Worker> {
  const worker = await startAskedProcess("capacity-worker.ts", environment);
  const order = async (given: WorkerOrder) => (await worker.ask(given)) as number;
  return { order, readCpu: () => order({ order: "cpu" }), [Symbol.asyncDispose]: worker.stop };
}

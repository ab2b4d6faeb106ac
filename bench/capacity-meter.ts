import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import { addCost, type Cost } from "./capacity-model.ts";

/** Reads the CPU time of a process of EOM, in microseconds. */
export type ReadCpu = () => Promise<number>;

/** What was spent while something was done. */
export interface Spent {
  readonly seconds: number;
  readonly cost: Cost;
  /** By table, its partitions together, with indexes; of those that grew. */
  readonly tables: ReadonlyMap<string, number>;
}

export interface Meter {
  /** What PostgreSQL and these processes spend meanwhile. What else works on the machine at that time is not in it. */
  spend(processes: readonly ReadCpu[], work: () => Promise<unknown>): Promise<Spent>;
  /** Vacuums these tables and writes a checkpoint, which autovacuum and the checkpointer would have done in time. */
  tidy(tables: readonly string[]): Promise<Spent>;
}

/** Linux counts CPU time for programs in hundredths of a second, whatever its own clock is. */
const microsecondsATick = 10_000;

/** Turns autovacuum off: what it does falls into one measurement and not into another, so `tidy` does it by order. */
export async function createMeter(db: Database, dataFolder: string): Promise<Meter> {
  await sql`alter system set autovacuum = off`.execute(db);
  await sql`select pg_reload_conf()`.execute(db);
  const postmaster = (await readFile(join(dataFolder, "postmaster.pid"), "utf8")).split("\n")[0] ?? "";

  async function spend(processes: readonly ReadCpu[], work: () => Promise<unknown>): Promise<Spent> {
    const before = await read(db, postmaster, processes);
    await work();
    return subtract(await read(db, postmaster, processes), before);
  }

  async function tidy(tables: readonly string[]): Promise<Spent> {
    return spend([], async () => {
      for (const table of tables) await sql`vacuum (analyze) ${sql.table(table)}`.execute(db);
      await sql`checkpoint`.execute(db);
    });
  }

  return { spend, tidy };
}

type Reading = Spent;

async function read(db: Database, postmaster: string, processes: readonly ReadCpu[]): Promise<Reading> {
  const tables = await readTables(db);
  const walBytes = await readWal(db);
  const node = await Promise.all(processes.map((readCpu) => readCpu()));
  return {
    seconds: performance.now() / 1000,
    cost: {
      postgresMicroseconds: await readServerCpu(postmaster),
      nodeMicroseconds: node.reduce((sum, one) => sum + one, 0),
      walBytes,
      keptBytes: [...tables.values()].reduce((sum, bytes) => sum + bytes, 0),
    },
    tables,
  };
}

function subtract(after: Reading, before: Reading): Spent {
  const grown = [...after.tables].map(([name, bytes]) => [name, bytes - (before.tables.get(name) ?? 0)] as const);
  return {
    seconds: after.seconds - before.seconds,
    cost: addCost(after.cost, before.cost, -1),
    tables: new Map(grown.filter(([, bytes]) => bytes !== 0)),
  };
}

/** Of the postmaster, its children, and those of its children that have ended. */
async function readServerCpu(postmaster: string): Promise<number> {
  const server = await readStat(postmaster);
  let ticks = (server?.own ?? 0) + (server?.ended ?? 0);
  for (const pid of await readdir("/proc")) {
    const child = /^\d+$/.test(pid) ? await readStat(pid) : null;
    if (child?.parent === postmaster) ticks += child.own;
  }
  return ticks * microsecondsATick;
}

/** See proc_pid_stat(5). Null when the process has ended. */
async function readStat(pid: string) {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (line === null) return null;
  // After the name, which may hold anything: state, parent, …, utime (the 12th), stime, cutime, cstime.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  return {
    parent: fields[1] ?? "",
    own: (user ?? 0) + (system ?? 0),
    ended: (endedUser ?? 0) + (endedSystem ?? 0),
  };
}

async function readWal(db: Database): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`.execute(db);
  return rows[0]?.bytes ?? 0;
}

async function readTables(db: Database): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ name: string; bytes: number }>`
    select regexp_replace(relname, '_(rest|[0-9]{4}_[0-9]{2})$', '') as name, sum(pg_total_relation_size(oid))::float8 as bytes
    from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace group by 1`.execute(db);
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

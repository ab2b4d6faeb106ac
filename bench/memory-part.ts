import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { createDataFolder, startEom } from "./eom-process.ts";
import { toMedian } from "./median.ts";
import type { Part, PartOptions, PartResult, ResultRow } from "./part.ts";
import { type BenchPostgres, startBenchPostgres } from "./postgres.ts";
import type { Scanned } from "./scanner.ts";
import { startScanner } from "./scanners.ts";
import { toSpread } from "./turns.ts";

const idleAimBytes = 150e6;
const flatAim = 1.1;
const at = "2026-11-23T10:00:00.000Z";
const lookEveryMilliseconds = 250;

/** Resident bytes of each program at rest, as told by its rounds. */
interface Idle {
  readonly node: readonly number[];
  readonly embedded: readonly number[];
  readonly postgres: readonly number[];
}

interface Herd {
  readonly schedules: number;
  readonly due: number;
  readonly scanned: Scanned;
}

export const part: Part = {
  name: "memory",
  title: "Memory",
  async run({ smoke, rounds: requestedRounds }: PartOptions): Promise<PartResult> {
    const rounds = requestedRounds ?? (smoke ? 1 : 3);
    const seconds = smoke ? { pauseSeconds: 1, look: 1 } : { pauseSeconds: 20, look: 10 };
    await using stack = new AsyncDisposableStack();
    const postgres = await startBenchPostgres();
    stack.defer(postgres.remove);
    const idle = await measureIdle(postgres, rounds, seconds);
    const herd = await measureHerd(postgres, smoke ? 10_000 : 1_000_000, smoke ? 1_000 : 100_000);
    return { rows: toRows(idle, herd), text: toText(idle, herd, { rounds, ...seconds, version: postgres.version }) };
  },
};

interface Pace {
  /** Not looked at, after the program is ready. */
  readonly pauseSeconds: number;
  readonly look: number;
}

async function measureIdle(postgres: BenchPostgres, rounds: number, pace: Pace): Promise<Idle> {
  const idle = { node: [] as number[], embedded: [] as number[], postgres: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    idle.node.push(await measureNode(pace));
    idle.embedded.push(await measureEom(pace, {}));
    idle.postgres.push(await measureEom(pace, { EOM_DATABASE_URL: await createMigrated(postgres, `idle_${round}`) }));
  }
  return idle;
}

/** As after `eom migrate`, which a process on PostgreSQL does not do by itself. */
async function createMigrated(postgres: BenchPostgres, name: string): Promise<string> {
  const url = await postgres.createDatabase(name);
  const { db, close } = openPostgresDatabase(url, 1);
  await migrate(db);
  await close();
  return url;
}

/** The memory of a Node that only waits: the floor of each program. */
async function measureNode(pace: Pace): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(child, "spawn");
  const bytes = await measureResident(child.pid ?? 0, pace);
  const exited = once(child, "exit");
  child.kill();
  await exited;
  return bytes;
}

async function measureEom(pace: Pace, environment: Readonly<Record<string, string>>): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const folder = await createDataFolder();
  stack.defer(folder.remove);
  const eom = await startEom({ EOM_DATA_DIR: folder.path, EOM_PORT: "0", ...environment });
  stack.defer(eom.stop);
  return await measureResident(eom.pid, pace);
}

/** @returns the median of the process's resident set, after its pause */
async function measureResident(pid: number, { pauseSeconds, look }: Pace): Promise<number> {
  await delay(pauseSeconds * 1000);
  const samples: number[] = [];
  const until = performance.now() + look * 1000;
  while (performance.now() < until) {
    samples.push(await readResident(pid));
    await delay(lookEveryMilliseconds);
  }
  return toMedian(samples);
}

async function readResident(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) * 1024;
}

async function measureHerd(postgres: BenchPostgres, schedules: number, due: number): Promise<Herd> {
  const scanner = await startScanner(postgres, "memory_herd", { count: schedules, due, at });
  try {
    return { schedules, due, scanned: await scanner.scan(at, due) };
  } finally {
    await scanner.stop();
  }
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

/** The greatest resident set of the scan's second half to that of its first. */
function toGrowth({ scanned: { rssBytes } }: Herd): number {
  const middle = Math.ceil(rssBytes.length / 2);
  return Math.max(...rssBytes.slice(middle)) / Math.max(...rssBytes.slice(0, middle));
}

function toRows(idle: Idle, herd: Herd): ResultRow[] {
  const toIdleRow = (how: string, bytes: readonly number[]): ResultRow => {
    const { median, result, spread } = toSpread(bytes, toMegabytes);
    const work = `memory of \`eom start\`, idle, ${how}`;
    return { work, beside: "", result, spread, aim: "< 150 MB", isReached: median < idleAimBytes };
  };
  const growth = toGrowth(herd);
  return [
    toIdleRow("embedded", idle.embedded),
    toIdleRow("on PostgreSQL", idle.postgres),
    {
      work: `memory while ${herd.due.toLocaleString("en")} due of ${herd.schedules.toLocaleString("en")} schedules are opened`,
      beside: "the scan's second half to its first",
      result: growth.toFixed(2),
      spread: "",
      aim: `flat: ≤ ${flatAim}`,
      isReached: growth <= flatAim,
    },
  ];
}

interface Setup extends Pace {
  readonly rounds: number;
  readonly version: string;
}

function toText(idle: Idle, { scanned, due, schedules }: Herd, { rounds, pauseSeconds, look, version }: Setup): string {
  const toLine = (name: string, bytes: readonly number[]) => {
    const { result, spread } = toSpread(bytes, toMegabytes);
    return `| ${name} | ${result} | ${spread} |`;
  };
  const quarters = toQuarters(scanned.rssBytes).map(toMegabytes).join(" / ");
  const { heapBeforeBytes, peakHeapBytes, heapAfterBytes, seconds } = scanned;
  const heap = [heapBeforeBytes, peakHeapBytes, heapAfterBytes].map(toMegabytes).join(" / ");
  return `| resident, idle | median | spread of the rounds |
| --- | --- | --- |
${toLine("a Node that only waits", idle.node)}
${toLine("`eom start`, embedded", idle.embedded)}
${toLine("`eom start`, on PostgreSQL", idle.postgres)}

| due at once | opened in | resident at most, in each quarter of the scan | heap before / at most / after |
| --- | --- | --- | --- |
| ${due.toLocaleString("en")} of ${schedules.toLocaleString("en")} schedules | ${seconds.toFixed(1)} s | ${quarters} | ${heap} |

- Idle: \`node src/main.ts start\` on its defaults and an empty database, API and all workers; the resident set as \`ps\` tells it, the
  median of ${look} s that begin ${pauseSeconds} s after it is ready. ${rounds} rounds in turns. PostgreSQL's own processes, where it has some, are
  not in it; the embedded one is in this process, its memory with it.
- Scan: \`bench/scanner.ts\`, a process that only scans, in batches of 1,000; looked at every 5 ms. Heap before and after: as after
  a garbage collection. One scan; PostgreSQL ${version} on the same machine, without fsync. Node ${process.version}.
`;
}

function toQuarters(samples: readonly number[]): number[] {
  const quarter = Math.ceil(samples.length / 4);
  return [0, 1, 2, 3].map((index) => Math.max(...samples.slice(index * quarter, (index + 1) * quarter)));
}

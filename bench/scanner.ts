import { Registry } from "prom-client";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { createLogger } from "../src/platform/log.ts";
import { createSchedulerMetrics } from "../src/scheduler/metrics.ts";
import { scan } from "../src/scheduler/scan/scan.ts";
import { readEnvironment } from "./child.ts";

export interface ScanOrder {
  /** The time of the scan's clock. */
  readonly at: string;
}

export interface Scanned {
  readonly seconds: number;
  readonly sessions: number;
  readonly heapBeforeBytes: number;
  /** Of {@link rssBytes}. */
  readonly peakRssBytes: number;
  readonly peakHeapBytes: number;
  readonly heapAfterBytes: number;
  /** The resident set, as it was looked at from the beginning of the scan to its end. */
  readonly rssBytes: readonly number[];
}

/** As the workers have it (workers.ts). */
const settings = { batchSize: 1000, punctualSeconds: 10 };
const pollEveryMilliseconds = 5;

const { db, close } = openPostgresDatabase(readEnvironment("BENCH_DATABASE_URL"), 10);
const log = createLogger({ level: "info", format: "json" });
const metrics = createSchedulerMetrics(new Registry());

process.on("message", async ({ at }: ScanOrder) => {
  const clock = { now: () => new Date(at) };
  const before = readHeap();
  const observer = observeMemory();
  const startedAt = performance.now();
  const { sessions } = await scan({ db, clock, log, metrics, scan: settings }, new AbortController().signal);
  const seconds = (performance.now() - startedAt) / 1000;
  const peaks = observer.end();
  process.send?.({
    seconds,
    sessions,
    heapBeforeBytes: before,
    ...peaks,
    heapAfterBytes: readHeap(),
  } satisfies Scanned);
});
process.on("disconnect", () => void close());
process.send?.("ready");

/** Memory after a collection: the parent starts this program with --expose-gc. */
function readHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function observeMemory() {
  const rssBytes: number[] = [];
  let peakHeapBytes = 0;
  const look = () => {
    const { rss, heapUsed } = process.memoryUsage();
    rssBytes.push(rss);
    peakHeapBytes = Math.max(peakHeapBytes, heapUsed);
  };
  const timer = setInterval(look, pollEveryMilliseconds);
  const end = () => {
    look();
    clearInterval(timer);
    return { rssBytes, peakRssBytes: Math.max(...rssBytes), peakHeapBytes };
  };
  return { end };
}

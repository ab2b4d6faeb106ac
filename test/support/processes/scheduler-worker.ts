/**
 * A process that runs all loops of the scheduler. It prints "ready" when they have begun, appends each launch to a file
 * before it launches, and stops as `eom worker` does when its standard input ends.
 */
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { Registry } from "prom-client";
import { createScheduler } from "../../../src/compose/scheduler.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { createEngines } from "../../../src/engines/registry.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createWorkerMetrics } from "../../../src/platform/worker/metrics.ts";
import { createWakeUp } from "../../../src/platform/worker/wake-up.ts";
import { createSchedulerMetrics } from "../../../src/scheduler/metrics.ts";
import { createSchedulerWorkers } from "../../../src/scheduler/workers.ts";
import { createMarkedEngine } from "./scheduler-jobs.ts";

export interface WorkerTask {
  readonly url: string;
  /** Gets one line for each launch: session and attempt. */
  readonly launchesFile: string;
  /** Is in the environment of each child process, so that the test can find them. */
  readonly mark: string;
}

const { url, launchesFile, mark } = JSON.parse(process.argv[2] ?? "") as WorkerTask;
const { db, close } = openPostgresDatabase(url, 8);
// Errors go to standard error, which the test shows.
const log = createLogger({ level: "error", format: "json" }, { write: (line) => process.stderr.write(line) });
const wakeUp = createWakeUp();
const engine = createMarkedEngine(mark, { clock: systemClock, log, onRunEnded: wakeUp.wake });
const recordingEngine: Engine = {
  ...engine,
  async launch(request) {
    appendFileSync(launchesFile, `${request.sessionId} ${request.attempt}\n`);
    return engine.launch(request);
  },
};
const registry = new Registry();
const parts = {
  db,
  clock: systemClock,
  log,
  engines: createEngines([recordingEngine], engine.name),
  storages: { findStoragesForRuns: async () => new Map() },
};
const { schedules, sessions } = createScheduler({ ...parts, onWork: wakeUp.wake });
const workers = createSchedulerWorkers({
  ...parts,
  clockGuard: { isRight: async () => true },
  schedules,
  sessions,
  metrics: createSchedulerMetrics(registry),
  workerMetrics: createWorkerMetrics(registry),
  wakeUp,
  isOnlyProcess: false,
});
await workers.start();
process.stdout.write("ready\n");
process.stdin.resume();
await once(process.stdin, "end");
await workers.stop();
await close();

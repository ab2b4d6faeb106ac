import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { Registry } from "prom-client";
import { composeProgram } from "../src/compose/program.ts";
import { createScheduler } from "../src/compose/scheduler.ts";
import { workerNames } from "../src/compose/workers.ts";
import { createEngines } from "../src/engines/registry.ts";
import { deleteExpiredAnswers } from "../src/metering/answers.ts";
import { systemClock } from "../src/platform/clock.ts";
import { readConfig } from "../src/platform/config/config.ts";
import { createLogger } from "../src/platform/log.ts";
import { createWorkerMetrics } from "../src/platform/worker/metrics.ts";
import { createWakeUp } from "../src/platform/worker/wake-up.ts";
import { createSchedulerMetrics } from "../src/scheduler/metrics.ts";
import { scan } from "../src/scheduler/scan/scan.ts";
import { deleteOldSessions } from "../src/scheduler/sweep/old-rows.ts";
import { createSchedulerWorkers } from "../src/scheduler/workers.ts";
import { createNoopEngine } from "./noop-engine.ts";

/** Each is answered with a number. */
export type WorkerOrder =
  /** User and system time of this process, in microseconds. */
  | { readonly order: "cpu" }
  /** All loops as `eom worker` runs them, and those of one more engine, `noop`. */
  | { readonly order: "start"; readonly scans: boolean }
  /** Answered when so many sessions were handled since the loops began, and none is open that is due. */
  | { readonly order: "work"; readonly sessions: number }
  /** Opens what is due at this instant. @returns how many sessions */
  | { readonly order: "scan"; readonly at: string }
  /** Removes what the retention removes: a batch of sessions, or of answers to metering. @returns how many */
  | { readonly order: "remove"; readonly rows: "sessions" | "answers" };

const askEveryMilliseconds = 20;
const maxRuns = 10_000;
/** As the sweep has them (cleaning.ts, sweep.ts). */
const removedSessionsATurn = 10_000;
const removedAnswersAtOnce = 1_000;

const log = createLogger({ level: "info", format: "json" });
const program = await composeProgram(readConfig(process.env, []), log);
const { db } = program.database;
const metrics = createSchedulerMetrics(new Registry());
let handled = 0;
const wakeUp = createWakeUp();
const engine = createNoopEngine({
  maxRuns,
  onHandled: (runs) => {
    handled += runs;
  },
  onRunEnded: wakeUp.wake,
});
const parts = {
  db,
  clock: systemClock,
  log,
  engines: createEngines([engine], engine.name),
  storages: { findStoragesForRuns: async () => new Map() },
};
const { schedules, sessions } = createScheduler({ ...parts, onWork: wakeUp.wake });
const noopWorkers = createSchedulerWorkers({
  ...parts,
  schedules,
  sessions,
  metrics,
  workerMetrics: createWorkerMetrics(new Registry()),
  wakeUp,
  isOnlyProcess: false,
});

function obey(order: WorkerOrder): Promise<number> | number {
  switch (order.order) {
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return user + system;
    }
    case "start":
      return start(order.scans);
    case "work":
      return work(order.sessions);
    case "scan":
      return scanAt(order.at);
    case "remove":
      return remove(order.rows);
  }
}

async function start(scans: boolean): Promise<number> {
  const names = workerNames.filter((name) => scans || name !== "scan");
  await program.workers.start(names);
  await noopWorkers.start(["pick", "poll"]);
  return names.length;
}

async function work(sessions: number): Promise<number> {
  while (handled < sessions || (await hasOpenRuns())) await delay(askEveryMilliseconds);
  return handled;
}

async function hasOpenRuns(): Promise<boolean> {
  const { rows } = await sql`select 1 from ailbl_open_session where phase = 'active' limit 1`.execute(db);
  return rows.length > 0;
}

async function scanAt(at: string): Promise<number> {
  const needs = { db, clock: { now: () => new Date(at) }, log, metrics };
  const settings = { batchSize: 1000, punctualSeconds: 10 };
  return (await scan({ ...needs, scan: settings }, new AbortController().signal)).sessions;
}

async function remove(rows: "sessions" | "answers"): Promise<number> {
  if (rows === "answers") return deleteExpiredAnswers(db, removedAnswersAtOnce);
  return (await deleteOldSessions(db, 0, removedSessionsATurn)).sessions;
}

process.on("message", async (order: WorkerOrder) => process.send?.(await obey(order)));
process.on("disconnect", async () => {
  await noopWorkers.stop();
  await program.close();
});
process.send?.("ready");

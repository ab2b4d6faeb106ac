import { sql } from "kysely";
import { Registry } from "prom-client";
import { createScheduler } from "../src/compose/scheduler.ts";
import { createEngines } from "../src/engines/registry.ts";
import { systemClock } from "../src/platform/clock.ts";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { createLogger } from "../src/platform/log.ts";
import { createWorkerMetrics } from "../src/platform/worker/metrics.ts";
import { createWakeUp } from "../src/platform/worker/wake-up.ts";
import { createSchedulerMetrics } from "../src/scheduler/metrics.ts";
import { createSchedulerWorkers, type SchedulerWorkers } from "../src/scheduler/workers.ts";
import { fillSessions } from "./fill-sessions.ts";
import { createNoopEngine } from "./noop-engine.ts";
import { databaseUrl, serveQueue } from "./queue.ts";

/**
 * The scheduler's loops as `eom start` runs them, all of them, on the default number of connections. Sessions either have
 * a schedule each, with the default policies, or stand in line by fifty, with overlap allowed.
 */
const slotsEach = Number(process.env["BENCH_SLOTS_EACH"] ?? 1);
const maxRuns = 10_000;
const poolSize = 10;

const { db, close } = openPostgresDatabase(databaseUrl, poolSize);
const log = createLogger({ level: "info", format: "json" });
const metrics = createSchedulerMetrics(new Registry());
const workerMetrics = createWorkerMetrics(new Registry());
await migrate(db);
let workers: SchedulerWorkers | null = null;

async function count(from: "ailbl_session where state = 'succeeded'" | "ailbl_session_event"): Promise<number> {
  const { rows } = await sql<{ rows: number }>`select count(*)::integer as rows from ${sql.raw(from)}`.execute(db);
  return rows[0]?.rows ?? 0;
}

serveQueue({
  fill: (jobs) =>
    fillSessions(db, {
      schedules: jobs / slotsEach,
      each: slotsEach,
      owners: 10,
      overlap: slotsEach === 1 ? "skip" : "allow",
      engine: "noop",
      job: { location: null, repository: null, name: "noop" },
    }),
  async start(onHandled) {
    const wakeUp = createWakeUp();
    const engine = createNoopEngine({ maxRuns, onHandled, onRunEnded: wakeUp.wake });
    const storages = { findStoragesForRuns: async () => new Map() };
    const parts = { db, clock: systemClock, log, engines: createEngines([engine], engine.name), storages };
    const { schedules, sessions } = createScheduler({ ...parts, onWork: wakeUp.wake });
    workers = createSchedulerWorkers({
      ...parts,
      clockGuard: { isRight: async () => true },
      schedules,
      sessions,
      metrics,
      workerMetrics,
      wakeUp,
      isOnlyProcess: false,
    });
    await workers.start();
  },
  async isEmpty() {
    const { rows } = await sql`
      select 1 from ailbl_session where state in ('pending', 'claimed', 'running', 'unknown', 'retry_wait') limit 1`.execute(
      db,
    );
    return rows.length === 0;
  },
  async stop() {
    await workers?.stop();
  },
  async verify(jobs) {
    const ended = await count("ailbl_session where state = 'succeeded'");
    // Picked, launched, ended.
    const steps = await count("ailbl_session_event");
    if (ended !== jobs || steps !== 3 * jobs) {
      throw new Error(`${ended} of ${jobs} sessions succeeded, ${steps} steps in their history`);
    }
  },
  close,
});

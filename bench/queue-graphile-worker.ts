import { Logger, run, runMigrations } from "graphile-worker";
import postgres from "postgres";
import { readEnvironment } from "./child.ts";
import { databaseUrl, serveQueue } from "./queue.ts";

/**
 * As worker.graphile.org/docs/performance has it for its own figures: 24 jobs at once on 25 connections, a local queue of
 * 500, ends written in batches; without a log line a job, as in its perfTest.
 */
process.env["NO_LOG_SUCCESS"] = "1";
const settings = {
  connectionString: databaseUrl,
  concurrentJobs: Number(readEnvironment("BENCH_CONCURRENCY")),
  maxPoolSize: 25,
  localQueue: { size: Number(readEnvironment("BENCH_BATCH")) },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
  logger: new Logger(() => () => {}),
};

const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
await runMigrations({ connectionString: databaseUrl, logger: settings.logger });
let runner: { stop(): Promise<void> } | null = null;

serveQueue({
  async fill(jobs) {
    await sql`truncate graphile_worker._private_jobs`;
    await sql`select 1 from graphile_worker.add_jobs(array(
      select ('noop', json_build_object('id', n), null, null, null, null, null, null)::graphile_worker.job_spec
      from generate_series(1, ${jobs}::integer) as n))`;
    await sql`vacuum analyze graphile_worker._private_jobs`;
  },
  async start(onHandled) {
    const noop = () => onHandled(1);
    runner = await run({ preset: { worker: settings }, taskList: { noop }, crontab: "", noHandleSignals: true });
  },
  async isEmpty() {
    // It deletes what has succeeded.
    const [row] = await sql`select 1 from graphile_worker._private_jobs limit 1`;
    return row === undefined;
  },
  async stop() {
    await runner?.stop();
  },
  // Failed jobs stay, so the table must be empty.
  async verify() {},
  close: () => sql.end(),
});

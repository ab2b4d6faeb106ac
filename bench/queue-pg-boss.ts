import { PgBoss } from "pg-boss";
import postgres from "postgres";
import { readEnvironment } from "./child.ts";
import { databaseUrl, serveQueue } from "./queue.ts";

/**
 * As its docs recommend for much work: large batches fetched one after the other as long as they come back full
 * (burstWhenBatchFull), several workers, the shortest polling interval, no metadata, a table of its own.
 */
const settings = {
  batchSize: Number(readEnvironment("BENCH_BATCH")),
  localConcurrency: Number(readEnvironment("BENCH_CONCURRENCY")),
  pollingIntervalSeconds: 0.5,
  burstWhenBatchFull: true,
  includeMetadata: false,
};
const insertBatch = 10_000;
const name = "noop";

const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
const boss = new PgBoss({ connectionString: databaseUrl, max: 10 });
boss.on("error", (error) => {
  throw error;
});
await boss.start();
await boss.createQueue(name, { partition: true });

serveQueue({
  async fill(jobs) {
    await sql`truncate pgboss.job`;
    for (let from = 0; from < jobs; from += insertBatch) {
      const batch = Array.from({ length: Math.min(insertBatch, jobs - from) }, (_, n) => ({ data: { id: from + n } }));
      await boss.insert(name, batch);
    }
    await sql`vacuum analyze pgboss.job`;
  },
  async start(onHandled) {
    await boss.work(name, settings, async (jobs) => onHandled(jobs.length));
  },
  async isEmpty() {
    const [row] = await sql`select 1 from pgboss.job where name = ${name} and state < 'completed' limit 1`;
    return row === undefined;
  },
  stop: () => boss.offWork(name),
  async verify(jobs) {
    const [row] =
      await sql`select count(*)::integer as jobs from pgboss.job where name = ${name} and state = 'completed'`;
    if (row?.["jobs"] !== jobs) throw new Error(`${row?.["jobs"]} of ${jobs} jobs were completed`);
  },
  async close() {
    await boss.stop({ graceful: false });
    await sql.end();
  },
});

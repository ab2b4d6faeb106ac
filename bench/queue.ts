import { setTimeout as delay } from "node:timers/promises";
import { readEnvironment } from "./child.ts";

/** A queue of no-op jobs, as one process works it off. */
export interface Queue {
  /** Empties the queue and puts so many jobs in, as after a vacuum. */
  fill(jobs: number): Promise<void>;
  /** Begins to work, with settings as in production; `onHandled` is told how many jobs have just done nothing. */
  start(onHandled: (jobs: number) => void): Promise<void>;
  /** Whether the end of every job is in the database. */
  isEmpty(): Promise<boolean>;
  stop(): Promise<void>;
  /** Looks at what the queue has kept of its jobs. @throws when that is not so many completed ones */
  verify(jobs: number): Promise<void>;
  close(): Promise<void>;
}

export type QueueOrder = { readonly order: "fill" | "work"; readonly jobs: number };

/** Time that a process needed for its jobs, from the start of its workers to the last end in the database. */
export interface Worked {
  readonly seconds: number;
  /** User and system time of the process itself, meanwhile. */
  readonly cpuSeconds: number;
}

export const databaseUrl = readEnvironment("BENCH_DATABASE_URL");

/** Asked only once every job was handled, so asking costs the queue nothing while it works. */
const askEveryMilliseconds = 5;
const maxSeconds = 300;

/** Follows the parent's orders one by one, and closes when the parent has let go. */
export function serveQueue(queue: Queue): void {
  process.on("message", async ({ order, jobs }: QueueOrder) => {
    if (order === "work") process.send?.(await work(queue, jobs));
    else {
      await queue.fill(jobs);
      process.send?.("filled");
    }
  });
  process.on("disconnect", () => void queue.close());
  process.send?.("ready");
}

async function work(queue: Queue, jobs: number): Promise<Worked> {
  const handled = Promise.withResolvers<void>();
  let left = jobs;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await queue.start((count) => {
    left -= count;
    if (left <= 0) handled.resolve();
  });
  await Promise.race([handled.promise, expire(() => left)]);
  while (!(await queue.isEmpty())) await delay(askEveryMilliseconds);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await queue.stop();
  if (left !== 0) throw new Error(`${-left} jobs were handled twice`);
  await queue.verify(jobs);
  return { seconds, cpuSeconds: (user + system) / 1_000_000 };
}

async function expire(left: () => number): Promise<never> {
  await delay(maxSeconds * 1000, null, { ref: false });
  throw new Error(`${left()} jobs were not handled within ${maxSeconds} s`);
}

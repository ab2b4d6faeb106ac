/**
 * A process that consumes with given keys, several at a time. It prints "ready", begins when its standard input ends, prints
 * "admitted <key>" or "refused <key>" for each request, and "done" at its end.
 */
import { once } from "node:events";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { askMetering, createTestMetering, isAdmitted, type MeteringRequest } from "../metering.ts";

export interface MeteringTask {
  readonly url: string;
  readonly requests: readonly MeteringRequest[];
  /** Number of requests in flight. */
  readonly clients: number;
}

const task = JSON.parse(process.argv[2] ?? "") as MeteringTask;
const { db, close } = openPostgresDatabase(task.url, 4);
const service = createTestMetering(db, 2);
await service.listUsage("nobody");

process.stdout.write("ready\n");
process.stdin.resume();
await once(process.stdin, "end");

const waiting = task.requests.values();
await Promise.all(Array.from({ length: task.clients }, work));
process.stdout.write("done\n");
await close();

/** Each client takes the next request from the shared iterator. */
async function work(): Promise<void> {
  for (const request of waiting) {
    const verdict = isAdmitted(await askMetering(service, request)) ? "admitted" : "refused";
    process.stdout.write(`${verdict} ${request.key}\n`);
  }
}

/**
 * A process that consumes with known keys, several at a time, and writes the result of each: "admitted <key>" or
 * "refused <key>". It writes "ready", starts when its standard input ends, and writes "done" at its end.
 */
import { once } from "node:events";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { askMetering, createTestMetering, isAdmitted, type MeteringRequest } from "../metering.ts";

export interface MeteringTask {
  readonly url: string;
  readonly requests: readonly MeteringRequest[];
  /** Requests at a time. */
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

/** Sends requests from the iterator that all clients share. */
async function work(): Promise<void> {
  for (const request of waiting) {
    const result = isAdmitted(await askMetering(service, request)) ? "admitted" : "refused";
    process.stdout.write(`${result} ${request.key}\n`);
  }
}

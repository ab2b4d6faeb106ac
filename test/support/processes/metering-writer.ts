/**
 * A process of its own that consumes with known keys, several at a time, and says what became of each: "admitted <key>" or
 * "refused <key>". It says "ready" first and begins when its standard input ends; at its end it says "done".
 */
import { once } from "node:events";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { askMetering, createTestMetering, isAdmitted, type MeteringRequest } from "../metering.ts";

export interface MeteringTask {
  readonly url: string;
  readonly requests: readonly MeteringRequest[];
  /** How many are asked at a time. */
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

/** All of them take from the same iterator. */
async function work(): Promise<void> {
  for (const request of waiting) {
    const verdict = isAdmitted(await askMetering(service, request)) ? "admitted" : "refused";
    process.stdout.write(`${verdict} ${request.key}\n`);
  }
}

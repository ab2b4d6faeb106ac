import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { toPost } from "./post.ts";

/** Requests that come at a fixed rate, whether or not the last one was answered. */
export interface Stream {
  readonly rate: number;
  /** Asked one after the other, again from the first after the last. */
  readonly paths: readonly string[];
  /** As in load.ts. */
  readonly body: string | null;
}

/** Given to this process by message, answered with an {@link Offered}. */
export interface OpenLoad {
  readonly url: string;
  readonly token: string;
  readonly streams: readonly Stream[];
  readonly seconds: number;
}

export interface Offered {
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Of each stream. */
  readonly requests: readonly number[];
}

const connections = 64;
const lookEveryMilliseconds = 1;

process.on("message", async (load: OpenLoad) => process.send?.(await offer(load)));
process.on("disconnect", () => process.exit());

async function offer({ url, token, streams, seconds }: OpenLoad): Promise<Offered> {
  const pool = new Pool(url, { connections });
  const sent = streams.map(() => 0);
  const answers: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - startedAt) / 1000) {
    for (const [at, stream] of streams.entries()) {
      const due = Math.floor(elapsed * stream.rate);
      for (let number = sent[at] ?? 0; number < due; number += 1) answers.push(ask(pool, token, stream, number));
      sent[at] = due;
    }
    await delay(lookEveryMilliseconds);
  }
  await Promise.all(answers);
  await pool.close();
  return { seconds: (performance.now() - startedAt) / 1000, requests: sent };
}

/** @throws when the answer is not of success */
async function ask(pool: Pool, token: string, { paths, body }: Stream, number: number): Promise<void> {
  const path = paths[number % paths.length] ?? "/";
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  const request = body === null ? ({ method: "GET", path, headers } as const) : toPost(path, headers, body);
  const answer = await pool.request(request);
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${path} was answered with ${answer.statusCode}: ${text}`);
}

process.send?.("ready");

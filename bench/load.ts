import { randomUUID } from "node:crypto";
import { Client } from "undici";

/** Given to this process by message, answered with a {@link Measured}. */
export interface Load {
  readonly url: string;
  /** Asked one after the other, again from the first after the last. */
  readonly paths: readonly string[];
  readonly token: string;
  /** Sent by POST, with an idempotency key of its own each time; without one, it is a GET. */
  readonly body?: string;
  readonly connections: number;
  readonly milliseconds: number;
}

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
}

process.on("message", async (load: Load) => process.send?.(await run(load)));
process.on("disconnect", () => process.exit());

/**
 * As many clients as connections, each with one request under way: the next is sent when the answer is complete.
 *
 * @throws when an answer is not 200
 */
async function run({ url, paths, token, body, connections, milliseconds }: Load): Promise<Measured> {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const latencies: number[] = [];
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client(url);
      for (let now = performance.now(); now - startedAt < milliseconds; now = performance.now()) {
        await ask(client, paths[next++ % paths.length] ?? "/", headers, body);
        latencies.push(performance.now() - now);
      }
      await client.close();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { requests: latencies.length, seconds, medianMilliseconds: at(0.5), p99Milliseconds: at(0.99) };
}

/** By `dispatch`, without a body stream for each answer: the load shares two cores with what it loads. */
function ask(
  client: Client,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<void> {
  const request =
    body === undefined
      ? ({ method: "GET", path, headers } as const)
      : ({ method: "POST", path, body, headers: { ...headers, "idempotency-key": randomUUID() } } as const);
  return new Promise((resolve, reject) => {
    client.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 200) throw new Error(`${path} was answered with ${status}`);
      },
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

import { Client } from "undici";
import { type Measured, runClients } from "./clients.ts";
import { toPost } from "./post.ts";

/** Given to this process by message, answered with a {@link Measured}. */
export interface Load {
  readonly url: string;
  /** Asked one after the other, again from the first after the last. */
  readonly paths: readonly string[];
  readonly token: string;
  /**
   * Sent by POST, with an Idempotency-Key of its own each time, which also takes the place of each `{key}` in it; null for
   * a GET.
   */
  readonly body: string | null;
  readonly connections: number;
  readonly milliseconds: number;
}

process.on("message", async (load: Load) => process.send?.(await run(load)));
process.on("disconnect", () => process.exit());

/**
 * As many clients as connections, each with one request under way: the next is sent when the answer is complete.
 *
 * @throws when an answer is not a success
 */
async function run({ url, paths, token, body, connections, milliseconds }: Load): Promise<Measured> {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  const clients = Array.from({ length: connections }, () => new Client(url));
  let next = 0;
  const measured = await runClients(connections, milliseconds, (client) =>
    ask(clients[client], paths[next++ % paths.length] ?? "/", headers, body),
  );
  await Promise.all(clients.map((client) => client.close()));
  return measured;
}

/** By `dispatch`, without a body stream for each answer: the load shares its cores with what it loads. */
function ask(
  client: Client | undefined,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | null,
): Promise<void> {
  const request = body === null ? ({ method: "GET", path, headers } as const) : toPost(path, headers, body);
  return new Promise((resolve, reject) => {
    client?.dispatch(request, {
      onRequestStart() {},
      onResponseStart(_controller, status) {
        if (status !== 200 && status !== 201) throw new Error(`${path} was answered with ${status}`);
      },
      onResponseData() {},
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}

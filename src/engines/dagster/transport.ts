import { Agent, buildConnector, fetch } from "undici";
import { readBounded } from "../../platform/outbound/read-bounded.ts";
import type { DagsterAddress } from "./address.ts";
import type { DagsterResponse } from "./classify-response.ts";
import { Unconnected } from "./fault.ts";

const connectSeconds = 5;
/** Below the 5 s after which dagster-webserver (uvicorn) closes idle connections: a launch on a closing one would be unclear. */
const keepAliveSeconds = 3;

/** Creates the pool of connections. Errors before a connection is established become {@link Unconnected}. */
export function createAgent(): Agent {
  const keepAlive = keepAliveSeconds * 1000;
  const connect = buildConnector({ timeout: connectSeconds * 1000, allowH2: false });
  return new Agent({
    // An error code cannot tell: TLS has the same codes in the middle of a connection, where the request may have been executed.
    connect: (options, callback) =>
      connect(options, (...[cause, socket]) => {
        if (cause === null) callback(null, socket);
        else callback(new Unconnected("no connection", { cause }), null);
      }),
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    allowH2: false,
  });
}

interface PostOptions {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly maxAnswerBytes: number;
}

/**
 * Sends one request. Follows no redirect.
 *
 * @throws BodyTooLarge when the answer is larger than `maxAnswerBytes`
 * @throws Error of undici; its causes include {@link Unconnected} if nothing was sent
 */
export async function post(
  address: DagsterAddress,
  body: string,
  { agent, signal, maxAnswerBytes }: PostOptions,
): Promise<DagsterResponse> {
  const response = await fetch(address.graphql, {
    method: "POST",
    headers: { ...address.headers, "content-type": "application/json", accept: "application/json" },
    body,
    redirect: "manual",
    dispatcher: agent,
    signal,
  });
  const type = response.headers.get("content-type") ?? "";
  return {
    status: response.status,
    isHtml: type.includes("html"),
    text: (await readBounded(response.body, maxAnswerBytes)).toString("utf8"),
  };
}

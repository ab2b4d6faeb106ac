import { fetch } from "undici";
import { type ExchangeLimits, exchangeWithin } from "../../platform/outbound/exchange-within.ts";
import { createFetchAgent, type FetchAgent } from "../../platform/outbound/fetch-agent.ts";
import type { DagsterAddress } from "./address.ts";
import type { DagsterResponse } from "./classify-response.ts";
import { Unconnected } from "./fault.ts";

const connectSeconds = 5;
/** Below the 5 s after which dagster-webserver (uvicorn) closes idle connections: a launch on a closing one would be unclear. */
const keepAliveSeconds = 3;

/** Creates the pool of connections. Errors before a connection is established become {@link Unconnected}. */
export function createAgent(): FetchAgent {
  return createFetchAgent({
    connectSeconds,
    keepAliveSeconds,
    // An error code cannot tell: TLS has the same codes in the middle of a connection, where the request may have been executed.
    toConnectError: (cause) => new Unconnected("no connection", { cause }),
  });
}

/**
 * Sends one request. Follows no redirect.
 *
 * @throws BodyTooLarge, what `onLate` throws, the reason of `caller`
 * @throws Error of undici; its causes include {@link Unconnected} if nothing was sent
 */
export async function post(
  address: DagsterAddress,
  body: string,
  { dispatcher }: FetchAgent,
  limits: ExchangeLimits,
): Promise<DagsterResponse> {
  const sent = { ...address.headers, "content-type": "application/json", accept: "application/json" };
  const { status, headers, text } = await exchangeWithin(limits, (options) =>
    fetch(address.graphql, { ...options, method: "POST", headers: sent, body, dispatcher }),
  );
  return { status, isHtml: headers.get("content-type")?.includes("html") ?? false, text };
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { refuseOnSocket, toRefusal, toUnparsed, toUnreadable, watchAnswer } from "./unparsed.ts";

/** What a connection may take before it is refused or cut off; docs/reference/limits.md tells operators of each. */
export interface ConnectionLimits {
  /** From the first byte of a head to its last. */
  readonly headMilliseconds: number;
  /** From the first byte of a request to its last. */
  readonly requestMilliseconds: number;
  /** How often both are looked at: so much later may they strike. */
  readonly checkMilliseconds: number;
  /** Without a byte read or written while a request is under way: a client that does not take its answer. */
  readonly silenceMilliseconds: number;
  /** Without a request. Longer than usual load balancers keep theirs (60 s), so that they close first. */
  readonly idleMilliseconds: number;
  /** Of request line and headers together. */
  readonly maxHeadBytes: number;
  /** Further ones are closed at once, so that file descriptors remain for the database. */
  readonly maxConnections: number;
}

export const connectionLimits: ConnectionLimits = {
  headMilliseconds: 10_000,
  requestMilliseconds: 30_000,
  checkMilliseconds: 1_000,
  silenceMilliseconds: 120_000,
  idleMilliseconds: 65_000,
  maxHeadBytes: 16 * 1024,
  maxConnections: 5_000,
};

export interface HttpServer {
  readonly url: string;
  /** Takes no more connections, lets requests under way end for at most `graceMilliseconds`, then cuts them off. */
  stop(graceMilliseconds: number): Promise<void>;
}

/** @throws when the address is taken or not ours, with a sentence */
export async function startHttpServer(
  app: Hono,
  host: string,
  port: number,
  limits: ConnectionLimits = connectionLimits,
): Promise<HttpServer> {
  const underWay = new Set<ServerResponse>();
  const server = createLimitedServer(app, limits, underWay);
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, stop: (grace) => stop(server, underWay, grace) };
}

function createLimitedServer(app: Hono, limits: ConnectionLimits, underWay: Set<ServerResponse>): Server {
  const answer = getRequestListener(app.fetch, { errorHandler: toRefusal });
  const server = createServer(
    {
      headersTimeout: limits.headMilliseconds,
      requestTimeout: limits.requestMilliseconds,
      connectionsCheckingInterval: limits.checkMilliseconds,
      keepAliveTimeout: limits.idleMilliseconds,
      maxHeaderSize: limits.maxHeadBytes,
      // Whoever sends none, as HTTP/1.0 may, is answered by the listener: Node itself would do so without a body.
      requireHostHeader: false,
    },
    (request, response) => {
      watchAnswer(response);
      underWay.add(response);
      response.once("close", () => underWay.delete(response));
      // The adapter leaves a body of these unread, at whatever length; and a server that stops serves what it has and no more.
      if (isReadWithBody(request) || !server.listening) response.shouldKeepAlive = false;
      return answer(request, response);
    },
  );
  server.timeout = limits.silenceMilliseconds;
  server.maxConnections = limits.maxConnections;
  // Node drops headers beyond a number without a word, be it If-Match; their bytes are bounded anyway.
  server.maxHeadersCount = 0;
  server.on("clientError", (error, socket) => refuseOnSocket(toUnreadable(error, limits.maxHeadBytes), socket));
  server.on("connect", (_request, socket) => refuseOnSocket(toUnparsed("is for a proxy, which this is not"), socket));
  // Any other expectation than 100-continue may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  return server;
}

function isReadWithBody({ method, headers }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** Free when it was asked for; it may be taken before it is used, which startHttpServer then says. */
export async function findFreePort(host: string): Promise<number> {
  const probe = createServer();
  await listen(probe, host, 0);
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return port;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE")
      throw new Error(`${host}:${port} is taken by another program: stop it, or set EOM_PORT`, { cause: error });
    if (code === "EADDRNOTAVAIL")
      throw new Error(`${host} is no address of this machine: set EOM_HOST`, { cause: error });
    throw error;
  }
}

/** Node alone would go on serving a connection that is never idle: a busy proxy's, until it is cut off in the middle. */
async function stop(server: Server, underWay: ReadonlySet<ServerResponse>, graceMilliseconds: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  for (const response of underWay) closeAfter(response);
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearTimeout(cutOff);
}

/** The client is told by `Connection: close` while that can still be said. */
function closeAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  if (response.headersSent) response.once("finish", () => response.req.socket.destroySoon());
}

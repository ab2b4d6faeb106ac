import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { describeListenFault } from "./listen-fault.ts";
import { createSocketRefusals } from "./socket-refusals.ts";
import { findHostFailure, placeholderHost } from "./target.ts";
import { toRefusal, toUnparsed, toUnparsedAnswer, toUnreadable } from "./unparsed.ts";

/** The bounds at which a connection is refused or cut off; docs/reference/limits.md lists them for operators. */
export interface ConnectionLimits {
  /** From the first byte of a head to its last. */
  readonly headMilliseconds: number;
  /** From the first byte of a request to its last. */
  readonly requestMilliseconds: number;
  /** How often both are checked, so the delay with which they apply. */
  readonly checkMilliseconds: number;
  /** Without a byte read or written while a request is under way, as when a client does not read its answer. */
  readonly silenceMilliseconds: number;
  /** Without a request. Longer than common load balancers keep connections (60 s), so that they close first. */
  readonly idleMilliseconds: number;
  /** Request line and headers together. */
  readonly maxHeadBytes: number;
  /** Further connections are closed at once, so that file descriptors remain for the database. */
  readonly maxConnections: number;
}

/** The limits of every EOM server. */
export const connectionLimits: ConnectionLimits = {
  headMilliseconds: 10_000,
  requestMilliseconds: 30_000,
  checkMilliseconds: 1_000,
  silenceMilliseconds: 120_000,
  idleMilliseconds: 65_000,
  maxHeadBytes: 16 * 1024,
  maxConnections: 5_000,
};

/** A server that accepts connections. */
export interface HttpServer {
  /** With the port that it listens on: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Accepts no more connections, waits for requests under way for `graceMilliseconds` at most, then cuts them off. */
  stop(graceMilliseconds: number): Promise<void>;
}

/**
 * Serves the app over HTTP.
 *
 * @param port 0 for a free one
 * @throws an Error with a sentence when it cannot listen
 */
export async function startHttpServer(
  app: Hono,
  host: string,
  port: number,
  limits: ConnectionLimits,
): Promise<HttpServer> {
  const underWay = new Set<ServerResponse>();
  const server = createLimitedServer(app, limits, underWay);
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, stop: (grace) => stop(server, underWay, grace) };
}

function createLimitedServer(app: Hono, limits: ConnectionLimits, underWay: Set<ServerResponse>): Server {
  const answer = createListener(app);
  const refusals = createSocketRefusals();
  const server = createServer(
    {
      headersTimeout: limits.headMilliseconds,
      requestTimeout: limits.requestMilliseconds,
      connectionsCheckingInterval: limits.checkMilliseconds,
      keepAliveTimeout: limits.idleMilliseconds,
      maxHeaderSize: limits.maxHeadBytes,
      // A request without Host, as HTTP/1.0 allows, is answered by the listener: Node's own answer has no body.
      requireHostHeader: false,
    },
    (request, response) => {
      refusals.follow(response);
      underWay.add(response);
      response.once("close", () => underWay.delete(response));
      // The body of a GET may be left unread, however long; and a server that stops takes no further request.
      if (isReadWithBody(request) || !server.listening) response.shouldKeepAlive = false;
      return answer(request, response);
    },
  );
  server.timeout = limits.silenceMilliseconds;
  server.maxConnections = limits.maxConnections;
  // Node drops headers beyond a number silently, If-Match among them. Their bytes are bounded already.
  server.maxHeadersCount = 0;
  server.on("clientError", (error, socket) => refusals.refuse(toUnreadable(error, limits.maxHeadBytes), socket));
  server.on("connect", (_request, socket) => refusals.refuse(toUnparsed("it is for a proxy, and EOM is none"), socket));
  // An expectation other than 100-continue may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  return server;
}

/** The adapter builds the URL of a request from its Host: every request gets the same one, after its own was checked. */
function createListener(app: Hono): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const answer = getRequestListener(
    (request, env) => {
      const failure = findHostFailure(env.incoming as IncomingMessage);
      return failure === null ? app.fetch(request, env) : toUnparsedAnswer(failure);
    },
    { errorHandler: toRefusal },
  );
  return (request, response) => {
    request.headers.host = placeholderHost;
    return answer(request, response);
  };
}

function isReadWithBody({ method, headers }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/** A port that is free now. If another process takes it before {@link startHttpServer} does, that one says so. */
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
    throw new Error(describeListenFault(host, port, error), { cause: error });
  }
}

/** Also closes connections that are never idle, such as a busy proxy's: Node alone would serve them until they are cut off. */
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

/** Sends `Connection: close` if the headers are still to be sent, and closes the connection after the answer. */
function closeAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  if (response.headersSent) response.once("finish", () => response.req.socket.destroySoon());
}

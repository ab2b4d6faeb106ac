import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { refuseOnSocket, toRefusal } from "./unparsed.ts";

const headersTimeoutMilliseconds = 10_000;
const requestTimeoutMilliseconds = 30_000;
/** Longer than the idle time of usual load balancers (60 s), so that they close first. */
const keepAliveTimeoutMilliseconds = 65_000;
const maxHeaderBytes = 16 * 1024;

export interface HttpServer {
  readonly url: string;
  /** Takes no more connections, lets requests under way end for at most `graceMilliseconds`, then cuts them off. */
  stop(graceMilliseconds: number): Promise<void>;
}

/** @throws when the address is taken or not ours, with a sentence */
export async function startHttpServer(app: Hono, host: string, port: number): Promise<HttpServer> {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMilliseconds,
      requestTimeout: requestTimeoutMilliseconds,
      keepAliveTimeout: keepAliveTimeoutMilliseconds,
      maxHeaderSize: maxHeaderBytes,
      // Whoever sends none, as HTTP/1.0 may, is answered by the listener: Node itself would do so without a body.
      requireHostHeader: false,
    },
    getRequestListener(app.fetch, { errorHandler: toRefusal }),
  );
  server.on("clientError", refuseOnSocket);
  // Any other expectation than 100-continue may be ignored (RFC 9110, 10.1.1).
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, stop: (grace) => stop(server, grace) };
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

async function stop(server: Server, graceMilliseconds: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await closed;
  clearTimeout(cutOff);
}

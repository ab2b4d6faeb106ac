import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface HttpProxy {
  /** Without a slash at the end. */
  readonly url: string;
  /**
   * Resets the connection of the next request whose body has these words: after the server has answered, or before the
   * request is forwarded.
   */
  loseAnswer(words: string, when: "after" | "before"): void;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** A proxy on a free loopback port, for POST requests with JSON to the server at `target`. */
export async function startHttpProxy(target: string): Promise<HttpProxy> {
  let losing: { readonly words: string; readonly when: "after" | "before" } | null = null;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const lost = losing !== null && body.includes(losing.words) ? losing.when : null;
    if (lost !== null) losing = null;
    const answer = lost === "before" ? null : await forward(target, request, body).catch(() => null);
    if (lost !== null || answer === null) return void request.socket.resetAndDestroy();
    response.writeHead(answer.status, { "content-type": answer.type }).end(answer.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    loseAnswer(words, when) {
      losing = { words, when };
    },
    async stop() {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}

async function forward(target: string, request: IncomingMessage, body: string) {
  const response = await fetch(`${target}${request.url}`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body,
  });
  return {
    status: response.status,
    type: response.headers.get("content-type") ?? "text/plain",
    text: await response.text(),
  };
}

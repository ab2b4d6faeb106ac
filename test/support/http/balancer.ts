import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Balancer {
  readonly url: string;
  add(backend: string): void;
  stop(): Promise<void>;
}

/**
 * Hands requests on to one backend after the other, over connections that it keeps, as a proxy before several processes does.
 * Nobody tells it when one goes: whoever takes no connection, or breaks one off, gets no more requests. It tries none twice: what a
 * backend breaks off, or does not take, is a 502.
 */
export async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  let backends: readonly string[] = [];
  let turn = 0;

  function forward(asked: IncomingMessage, answer: ServerResponse): void {
    turn += 1;
    const backend = backends[turn % backends.length];
    const refuse = () => {
      if (answer.headersSent) answer.destroy();
      else answer.writeHead(502).end();
    };
    if (backend === undefined) {
      refuse();
      return;
    }
    const { method, headers } = asked;
    const onward = request(`${backend}${asked.url}`, { method, headers, agent });
    onward.on("response", (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.on("error", refuse).pipe(answer);
    });
    onward.on("error", () => {
      backends = backends.filter((other) => other !== backend);
      refuse();
    });
    asked.pipe(onward);
  }

  const server = createServer(forward).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(backend) {
      backends = [...backends, backend];
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      agent.destroy();
    },
  };
}

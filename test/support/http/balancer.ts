import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Balancer {
  readonly url: string;
  add(backend: string): void;
  stop(): Promise<void>;
}

/**
 * A round-robin proxy with kept connections. It is not notified when a backend stops: a backend that refuses or breaks a
 * connection gets no more requests. It repeats no request: a refused or broken request is answered with 502.
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
      backends = backends.filter((remaining) => remaining !== backend);
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

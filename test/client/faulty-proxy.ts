import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Agent, request as send } from "undici";

/** Faults that the proxy gives a request. */
export const faults = [
  "drop the request",
  "drop the answer",
  "delay the answer",
  "send the request twice",
  "truncate the answer",
  "answer 502",
  "answer 503",
] as const;

type Fault = (typeof faults)[number];

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault happened. */
  readonly counts: Readonly<Record<Fault, number>>;
  stop(): Promise<void>;
}

interface FaultyProxyOptions {
  /** The share of requests that get each fault: 1 for seven faults leaves 93 of 100 requests as they are. */
  readonly percent: number;
  /** From 0 to 1; decides the fault of each request. */
  readonly random: () => number;
}

/** A proxy on a free loopback port that fails as networks and gateways do. Delayed answers come when it stops. */
export async function startFaultyProxy(target: string, { percent, random }: FaultyProxyOptions): Promise<FaultyProxy> {
  const counts = Object.fromEntries(faults.map((fault) => [fault, 0])) as Record<Fault, number>;
  const agent = new Agent({ connections: 32 });
  const forward = async (request: IncomingMessage, body: Buffer) => {
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const options = { method: request.method ?? "GET", headers: headers as Record<string, string>, dispatcher: agent };
    const answer = await send(`${target}${request.url}`, body.length === 0 ? options : { ...options, body });
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
  };
  const choose = (): Fault | null => faults[Math.floor((random() * 100) / percent)] ?? null;

  const behave = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request);
    const fault = choose();
    if (fault !== null) counts[fault] += 1;
    if (fault === "drop the request") return void request.socket.resetAndDestroy();
    if (fault === "answer 502") return void response.writeHead(502).end("<html>Bad gateway");
    if (fault === "answer 503") return void response.writeHead(503, { "retry-after": "0" }).end();
    const first = forward(request, body);
    const [answer] = await Promise.all(fault === "send the request twice" ? [forward(request, body), first] : [first]);
    if (fault === "delay the answer") return;
    if (fault === "drop the answer") return void request.socket.resetAndDestroy();
    const { connection: _, "transfer-encoding": __, ...headers } = answer.headers;
    response.writeHead(answer.status, headers);
    if (fault !== "truncate the answer") return void response.end(answer.body);
    response.write(answer.body.subarray(0, answer.body.length / 2), () => request.socket.destroy());
  };
  const server = createServer((request, response) => {
    behave(request, response).catch(() => request.socket.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await agent.close();
    },
  };
}

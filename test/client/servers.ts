import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Hono } from "hono";
import { afterEach } from "vitest";

export interface Asked {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
}

export interface LoopbackServer {
  readonly url: string;
  /** The requests in their order, with their bodies. */
  readonly asked: readonly Asked[];
  stop(): Promise<void>;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers the first request with the first answer, and so on; the last answer serves all further requests. */
export function startMisbehavingServer(...answers: readonly [Answer, ...Answer[]]): Promise<LoopbackServer> {
  const asked: Asked[] = [];
  return listen(asked, async (request, response) => {
    const answer = answers[asked.length] ?? answers.at(-1);
    await note(asked, request);
    answer?.(response, request);
  });
}

/** The whole app behind a socket that is reset after the app has answered: the first `losses` answers are lost. */
export function startForgetfulServer(app: Hono, losses: number): Promise<LoopbackServer> {
  const asked: Asked[] = [];
  return listen(asked, async (request, response) => {
    const isLost = asked.length < losses;
    const { path, body } = await note(asked, request);
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const method = request.method ?? "";
    const answer = await app.request(path, { method, headers, ...(body === "" ? {} : { body }) });
    if (isLost) return void request.socket.resetAndDestroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
}

async function note(asked: Asked[], request: IncomingMessage): Promise<Asked> {
  const place = asked.push({ path: "", key: undefined, body: "" }) - 1;
  const key = request.headers["idempotency-key"];
  const received = { path: request.url ?? "", key: key?.toString(), body: await text(request) };
  asked[place] = received;
  return received;
}

async function listen(asked: readonly Asked[], listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}

/** A failure as EOM answers it. */
export function refuse(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  details: unknown = null,
): Answer {
  const body = { error_code: code, http_status: status, error_msg: `${code} of a test`, x_user: null, details };
  return (response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A success as EOM answers a consume. */
export const count: Answer = (response) =>
  void response
    .writeHead(200, { "content-type": "application/json" })
    .end(JSON.stringify({ allowed: true, violations: [], usage: {} }));

/** Never answers. */
export const hang: Answer = () => {};

/** Starts an answer that never ends. */
export const trickle: Answer = (response) => void response.writeHead(200, { "content-length": "1000" }).write("{");

export const reset: Answer = (_response, request) => void request.socket.resetAndDestroy();

export const say =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);

/** To be called once in a test file. @returns {@link startMisbehavingServer}; its servers stop after each test */
export function createServerStarter(): typeof startMisbehavingServer {
  const servers: LoopbackServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  return async (...answers) => {
    const server = await startMisbehavingServer(...answers);
    servers.push(server);
    return server;
  };
}

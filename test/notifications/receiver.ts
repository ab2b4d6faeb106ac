import { createHmac, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request. `count` is the number of requests so far, this request included. */
type Answer = (response: ServerResponse, received: Received, count: number) => void;

/** A server in the place of a receiver, with the requests that arrived. */
export interface Receiver {
  readonly address: string;
  readonly received: readonly Received[];
  answer(how: Answer): void;
  /** Resolves when `count` requests have arrived since the start. */
  waitFor(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Answers 204. */
export const take: Answer = (response) => response.writeHead(204).end();

/** Answers every request with this status. */
export const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

/** A real HTTP server on loopback in the place of a receiver. It answers 204 until a test says otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let answer: Answer = take;
  const server = createServer(async (request, response) => {
    const arrived = { path: request.url ?? "", headers: request.headers, body: await text(request) };
    received.push(arrived);
    answer(response, arrived, received.length);
    for (const { count, resolve } of waiting) if (received.length >= count) resolve();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/eom`,
    received,
    answer(how) {
      answer = how;
    },
    waitFor(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      if (received.length >= count) resolve();
      return promise;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Verifies a signature as the specification says (docs/guides/notifications.md), without EOM's own code. */
export function isSignedBy(secret: string, { headers, body }: Received): boolean {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest();
  return String(signatures)
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";

/** The operation of a request, in the words of a report. */
export type Operation = "LIST" | "WRITE" | "READ" | "DELETE";

export interface S3Exchange {
  readonly operation: Operation;
  readonly key: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly objects: Map<string, Buffer>;
}

type Answer = (exchange: S3Exchange) => void;

/** Faults by operation. An operation without one is answered correctly. */
export type Misbehaviour = Partial<Record<Operation, Answer>>;

export interface MisbehavingS3 {
  readonly host: string;
  readonly port: number;
  /** The objects in the bucket, by key. */
  readonly objects: Map<string, Buffer>;
  /** Every received request, as `GET /bucket?…`, with its headers. */
  readonly requests: { readonly line: string; readonly headers: IncomingMessage["headers"] }[];
  /** Resolves when a request for the operation has arrived, now or earlier. */
  arrival(operation: Operation): Promise<void>;
  stop(): Promise<void>;
}

/** The name of the bucket. */
export const bucket = "scenes";

interface ServerOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Path above the bucket, as `/storage/s3`. No bucket is elsewhere. */
  readonly path?: string;
}

/** An S3 server of one bucket, on a free loopback port, that checks no signatures and has these faults. */
export async function startMisbehavingS3(
  misbehaviour: Misbehaviour = {},
  { tls, path = "" }: ServerOptions = {},
): Promise<MisbehavingS3> {
  const objects = new Map<string, Buffer>();
  const requests: MisbehavingS3["requests"] = [];
  const arrivals = new Map<Operation, PromiseWithResolvers<void>>();
  const arrivalOf = (operation: Operation): PromiseWithResolvers<void> => {
    const arrival = arrivals.get(operation) ?? Promise.withResolvers<void>();
    arrivals.set(operation, arrival);
    return arrival;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    const body = Buffer.concat(await request.toArray());
    const url = new URL(request.url ?? "/", "http://localhost");
    const key = decodeURIComponent(url.pathname.slice(path.length).split("/").slice(2).join("/"));
    const operation = toOperation(request.method, key);
    const elsewhere = url.pathname.startsWith(`${path}/`) ? undefined : sendError(404, "NoSuchBucket");
    (elsewhere ?? misbehaviour[operation] ?? behave)({ operation, key, request, response, body, objects });
    arrivalOf(operation).resolve();
  };
  // A client may go away in the middle of its request.
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void answer(request, response).catch(() => {});
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  return { ...(await listen(server)), objects, requests, arrival: (operation) => arrivalOf(operation).promise };
}

/** A TCP server that runs `onConnection` for each connection. */
export async function startRawServer(
  onConnection: (socket: Socket) => void,
): Promise<Omit<MisbehavingS3, "objects" | "requests" | "arrival">> {
  return listen(createTcpServer((socket) => onConnection(socket.on("error", () => {}))));
}

async function listen(server: Server): Promise<Pick<MisbehavingS3, "host" | "port" | "stop">> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function toOperation(method: string | undefined, key: string): Operation {
  if (method === "PUT") return "WRITE";
  if (method === "DELETE") return "DELETE";
  return key === "" ? "LIST" : "READ";
}

/** A short version of the correct answers. */
const behave: Answer = (exchange) => {
  const { operation, key, request, response, body, objects } = exchange;
  switch (operation) {
    case "LIST":
      return sendXml(response, 200, toListing(request, objects));
    case "WRITE":
      objects.set(key, body);
      return void response.writeHead(200, { etag: '"0"' }).end();
    case "READ": {
      const content = objects.get(key);
      return content === undefined ? sendError(404, "NoSuchKey")(exchange) : sendObject(request, response, content);
    }
    case "DELETE":
      objects.delete(key);
      return void response.writeHead(204).end();
  }
};

function sendObject(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const part = request.headers.range === "bytes=0-0" ? content.subarray(0, 1) : content;
  response.writeHead(part === content ? 200 : 206, { etag: '"0"' }).end(part);
}

function toListing(request: IncomingMessage, objects: Map<string, Buffer>): string {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  const max = Number(searchParams.get("max-keys") ?? 1000);
  const after = searchParams.get("continuation-token") ?? "";
  const prefix = searchParams.get("prefix") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, max);
  const next = keys.length > max ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  const contents = page.map(
    (key) => `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${objects.get(key)?.length}</Size></Contents>`,
  );
  return `<ListBucketResult><Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><EncodingType>url</EncodingType><IsTruncated>${keys.length > max}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}

function sendXml(response: ServerResponse, status: number, xml: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/xml", ...headers }).end(`<?xml version="1.0"?>${xml}`);
}

/** An S3 error that repeats the parts of the request that servers are known to repeat, such as the access key id. */
export function sendError(
  status: number,
  code: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Answer {
  return ({ response, request }) => {
    const authorization = request.headers.authorization ?? "";
    const all = {
      Code: code,
      Message: `No: ${authorization}`,
      AWSAccessKeyId: authorization,
      StringToSign: authorization,
      HostId: "10.1.2.3",
      ...fields,
    };
    const xml = Object.entries(all).map(([name, value]) => `<${name}>${value}</${name}>`);
    sendXml(response, status, `<Error>${xml.join("")}</Error>`, headers);
  };
}

/** Any other answer. */
export function send(status: number, contentType: string, body: string, headers: Record<string, string> = {}): Answer {
  return ({ response }) => void response.writeHead(status, { "content-type": contentType, ...headers }).end(body);
}

/** An entry of a list as a server sends it, right or wrong. */
export interface Entry {
  readonly key: string;
  /** Written into the answer as it is; undefined leaves it out. */
  readonly size: string | number | undefined;
}

/** A page of a list with these entries, whatever the request asks for. `next` makes it truncated. */
export function sendListing(entries: readonly Entry[], { next }: { readonly next?: string } = {}): Answer {
  const contents = entries.map(({ key, size }) => {
    const sizeElement = size === undefined ? "" : `<Size>${size}</Size>`;
    return `<Contents><Key>${encodeURIComponent(key)}</Key>${sizeElement}</Contents>`;
  });
  const token = next === undefined ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
  const xml = `<ListBucketResult><Name>${bucket}</Name><EncodingType>url</EncodingType><IsTruncated>${next !== undefined}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`;
  return ({ response }) => sendXml(response, 200, xml);
}

/** The same answer to every operation. */
export function always(answer: Answer): Misbehaviour {
  return { LIST: answer, WRITE: answer, READ: answer, DELETE: answer };
}

/** Reads the request and never answers. */
export const hang: Answer = () => {};

/** Sends the header of an answer, and nothing more. */
export const stall: Answer = ({ response }) => response.writeHead(200, { etag: '"0"' }).flushHeaders();

/** Begins an answer, then sends a byte at a time, without end. */
export const trickle: Answer = ({ response }) => {
  response.writeHead(200, { "content-type": "application/xml" });
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
};

/** Sends as fast as the client reads, without end. */
export const flood: Answer = ({ response }) => {
  response.writeHead(200, { "content-type": "application/xml" });
  const chunk = Buffer.alloc(65_536, " ");
  const pour = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", pour);
  pour();
};

/** Cuts the connection. */
export const reset: Answer = ({ request }) => void request.socket.resetAndDestroy();

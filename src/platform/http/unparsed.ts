import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Failure, fail } from "../failure.ts";
import { createId } from "../id.ts";
import { toErrorResponse, toFailure } from "./error-body.ts";

/** How long a client has to read why it was refused, before what it still sends makes the system forget the answer. */
const lingerMilliseconds = 1_000;

/** The answer to what never became a request: it has no path, no caller and no line in the log of requests. */
export function toRefusal(error: unknown): Response {
  const isOurs = error instanceof Error && error.name === "RequestError";
  return toAnswer(isOurs ? toUnparsed(error.message) : toFailure(error));
}

/** What Node's parser means, for people; anything that it does not name is no HTTP. */
export function toUnreadable(error: NodeJS.ErrnoException, maxHeadBytes: number): Failure {
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW": {
      const sentence = `Request line and headers may have at most ${maxHeadBytes} bytes together`;
      return fail("HEADERS_TOO_LARGE", sentence, { limit: maxHeadBytes });
    }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return toUnparsed("has chunks with too many extensions");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return fail("REQUEST_TIMEOUT", "The request did not come in time: send it faster, or in smaller parts", null);
    default:
      return toUnparsed("is not HTTP");
  }
}

export function toUnparsed(message: string): Failure {
  const issues = [{ path: "", message, code: "unparsed_request" }];
  return fail("VALIDATION_ERROR", `The request cannot be read: ${message}`, { issues });
}

/** The last request of each connection, by its answer. */
const latest = new WeakMap<Duplex, ServerResponse>();

/** Sockets that take no more requests: what comes there still is not refused once more. */
const refused = new WeakSet<Duplex>();

/** To be called with every request's answer before it is begun: {@link refuseOnSocket} must know what is under way. */
export function watchAnswer(response: ServerResponse): void {
  latest.set(response.req.socket, response);
}

/**
 * Answers on a socket on which Node's parser gave up, and closes it. Requests that came there before and are whole are
 * answered first, or their sender would take the refusal for theirs; one that was answered before it was whole is not
 * answered twice.
 */
export function refuseOnSocket(failure: Failure, socket: Duplex): void {
  if (refused.has(socket)) return;
  refused.add(socket);
  const response = latest.get(socket);
  if (response?.req.complete === true && !response.writableFinished) {
    response.once("finish", () => void writeRefusal(failure, socket));
    // What still comes must not look like life: who does not take that answer either is cut off for its silence.
    socket.pause();
    return;
  }
  const isAnswered = response?.req.complete === false && (response.headersSent || response.socket !== socket);
  if (isAnswered || !socket.writable) socket.destroy();
  else void writeRefusal(failure, socket);
}

async function writeRefusal(failure: Failure, socket: Duplex): Promise<void> {
  const response = toAnswer(failure);
  const body = await response.text();
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`, "connection: close");
  const statusLine = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`;
  const linger = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once("close", () => clearTimeout(linger));
  socket.end(`${statusLine}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.resume();
}

function toAnswer(failure: Failure): Response {
  return toErrorResponse(failure, { requestId: createId(), xUser: null, path: "/", accept: null });
}

import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Failure } from "../failure.ts";
import { toUnparsedAnswer } from "./unparsed.ts";

/** How long a client has to read why it was refused: what it still sends would make the system drop the answer. */
const lingerMilliseconds = 1_000;

/** Answers on sockets at which Node's HTTP parser has given up. */
export interface SocketRefusals {
  /** To be called with the response to each request before it begins. */
  follow(response: ServerResponse): void;
  /**
   * Answers on the socket, and closes it. Complete requests that came there before are answered first: their client would
   * take the refusal for their answer. A request that was answered before it was complete is not answered twice.
   */
  refuse(failure: Failure, socket: Duplex): void;
}

/** One for each server. */
export function createSocketRefusals(): SocketRefusals {
  /** The response to the last request of each connection. */
  const latest = new WeakMap<Duplex, ServerResponse>();
  /** Sockets that take no more requests: what still comes there is not refused again. */
  const refused = new WeakSet<Duplex>();

  return {
    follow: (response) => void latest.set(response.req.socket, response),
    refuse(failure, socket) {
      if (refused.has(socket)) return;
      refused.add(socket);
      const response = latest.get(socket);
      if (response?.req.complete === true && !response.writableFinished) {
        response.once("finish", () => void writeRefusal(failure, socket));
        // What still comes must not count as life: a client that does not read this answer either is cut off for silence.
        socket.pause();
        return;
      }
      const isAnswered = response?.req.complete === false && (response.headersSent || response.socket !== socket);
      if (isAnswered || !socket.writable) socket.destroy();
      else void writeRefusal(failure, socket);
    },
  };
}

async function writeRefusal(failure: Failure, socket: Duplex): Promise<void> {
  const response = toUnparsedAnswer(failure);
  const body = await response.text();
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`);
  lines.push(`content-length: ${Buffer.byteLength(body)}`, "connection: close");
  const statusLine = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status]}`;
  const linger = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once("close", () => clearTimeout(linger));
  socket.end(`${statusLine}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.resume();
}

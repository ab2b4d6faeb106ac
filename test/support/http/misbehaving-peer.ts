import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { gzipSync } from "node:zlib";

/** The way in which a peer treats each connection. `ends` says how a caller must find out. */
export interface PeerBehaviour {
  /**
   * `at once`: the bytes say that no answer will come, so a caller must not use its time limit. `late`: more may come at any
   * time. `either`: a caller may stop reading, or wait for the rest.
   */
  readonly ends: "at once" | "late" | "either";
  /** Default: plain. */
  readonly over?: "plain" | "tls" | "https to a plain server";
  /** Runs for each accepted connection. */
  accept(socket: Socket): void;
}

/** A server on a free port of 127.0.0.1. */
export interface Peer {
  readonly url: string;
  /** Resolves when so many connections have been made since the start. */
  connected(count: number): Promise<void>;
  /** Resolves when the other side has closed all connections. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

const head = (status: string, ...headers: readonly string[]) => `HTTP/1.1 ${[status, ...headers].join("\r\n")}\r\n\r\n`;
const json = "Content-Type: application/json";
const chunked = "Transfer-Encoding: chunked";

/** Acts when the first bytes of a request have arrived. */
function onRequest(act: (socket: Socket) => void): PeerBehaviour["accept"] {
  return (socket) => {
    socket.once("data", () => act(socket));
    socket.resume();
  };
}

/** Sends these bytes when a request arrives, and keeps the connection open. */
export const sending = (bytes: string | Buffer): PeerBehaviour["accept"] => onRequest((socket) => socket.write(bytes));

/** Sends these bytes, and ends the connection. */
const sendingLast = (bytes: string | Buffer) => onRequest((socket) => socket.end(bytes));

/** Sends the first bytes, then the others again and again, as fast as the peer reads or every `milliseconds`. */
function repeating(first: string, others: string, milliseconds?: number): PeerBehaviour["accept"] {
  return onRequest((socket) => {
    socket.write(first);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(others));
    };
    if (milliseconds === undefined) {
      socket.on("drain", pour);
      pour();
      return;
    }
    const timer = setInterval(() => socket.write(others), milliseconds);
    socket.on("close", () => clearInterval(timer));
  });
}

/** Resets the connection after the bytes have left. */
const sendingThenReset = (bytes: string) =>
  onRequest((socket) => void socket.write(bytes, () => setImmediate(() => socket.resetAndDestroy())));

const mebibyte = 1024 * 1024;
const tenMegabytes = (text: string) => text.repeat(Math.ceil((10 * mebibyte) / text.length));
const whole = (status: string, body: string | Buffer, ...headers: readonly string[]) =>
  Buffer.concat([
    Buffer.from(head(status, `Content-Length: ${Buffer.byteLength(body)}`, ...headers)),
    Buffer.from(body),
  ]);

/** The ways in which a peer fails to answer. Each name goes on after "a peer that". */
export const peerBehaviours: Readonly<Record<string, PeerBehaviour>> = {
  "resets a connection when it accepts it": { ends: "at once", accept: (socket) => void socket.resetAndDestroy() },
  "closes a connection when it accepts it": { ends: "at once", accept: (socket) => void socket.end() },
  "never reads": { ends: "late", accept: (socket) => void socket.pause() },
  "never answers": { ends: "late", accept: (socket) => void socket.resume() },
  "resets after the request": { ends: "at once", accept: onRequest((socket) => void socket.resetAndDestroy()) },
  "closes after the request": { ends: "at once", accept: onRequest((socket) => void socket.end()) },
  "switches protocols": {
    ends: "at once",
    accept: sending(head("101 Switching Protocols", "Upgrade: x", "Connection: Upgrade")),
  },
  "switches protocols and goes on": {
    ends: "at once",
    accept: repeating(head("101 Switching Protocols", "Upgrade: x", "Connection: Upgrade"), "x".repeat(65_536)),
  },
  "switches protocols without a name": { ends: "either", accept: sending(head("101 Switching Protocols")) },
  "sends interim answers without end": { ends: "late", accept: repeating("", head("102 Processing"), 5) },
  "floods with interim answers": { ends: "either", accept: repeating("", head("102 Processing").repeat(1000)) },
  "sends 100 Continue unasked, and nothing more": { ends: "either", accept: sending(head("100 Continue")) },
  "sends 204 with a body": { ends: "either", accept: sendingLast(`${head("204 No Content", "Content-Length: 2")}{}`) },
  "sends a head without end": {
    ends: "either",
    accept: repeating("HTTP/1.1 200 OK\r\n", `X-A: ${"a".repeat(1000)}\r\n`),
  },
  "sends its head byte by byte": { ends: "late", accept: repeating("HTTP/1.1 200 OK\r\nX-A: ", "a", 50) },
  "falls silent within its head": { ends: "late", accept: sending("HTTP/1.1 200 OK\r\nContent-") },
  "falls silent after its head": { ends: "late", accept: sending(head("200 OK", "Content-Length: 1000", json)) },
  "falls silent within its body": {
    ends: "late",
    accept: sending(`${head("200 OK", "Content-Length: 1000", json)}{"data":`),
  },
  "closes within its head": { ends: "at once", accept: sendingLast("HTTP/1.1 200 OK\r\nContent-") },
  "closes within its body": {
    ends: "at once",
    accept: sendingLast(`${head("200 OK", "Content-Length: 1000", json)}{"data":`),
  },
  "resets within its head": { ends: "at once", accept: sendingThenReset("HTTP/1.1 200 OK\r\nContent-") },
  "resets after its head": { ends: "at once", accept: sendingThenReset(head("200 OK", "Content-Length: 1000", json)) },
  "resets within its body": {
    ends: "at once",
    accept: sendingThenReset(`${head("200 OK", "Content-Length: 1000", json)}{"data":`),
  },
  "sends a body without end": {
    ends: "at once",
    accept: repeating(head("200 OK", chunked, json), `10000\r\n${" ".repeat(65_536)}\r\n`),
  },
  "sends its body byte by byte": {
    ends: "late",
    accept: repeating(head("200 OK", chunked, json), "1\r\n \r\n", 50),
  },
  "sends 10 MB of spaces": { ends: "at once", accept: sendingLast(whole("200 OK", tenMegabytes(" "), json)) },
  "sends 10 MB of brackets": { ends: "at once", accept: sendingLast(whole("200 OK", tenMegabytes("["), json)) },
  "sends 10 MB of empty errors": {
    ends: "at once",
    accept: sendingLast(whole("500 Oops", `{"errors":[${tenMegabytes('"",')}""]}`, json)),
  },
  "sends 64 MB that are 64 KB on the way": {
    ends: "at once",
    accept: sendingLast(whole("200 OK", gzipSync(Buffer.alloc(64 * mebibyte, " ")), json, "Content-Encoding: gzip")),
  },
  "redirects to itself": {
    ends: "at once",
    accept: sendingLast(head("307 Temporary Redirect", "Location: /", "Content-Length: 0")),
  },
  "redirects nowhere": { ends: "at once", accept: sendingLast(head("302 Found", "Content-Length: 0")) },
  "answers with a page": { ends: "at once", accept: sendingLast(whole("200 OK", "<html>", "Content-Type: text/html")) },
  "speaks another protocol": { ends: "at once", accept: sendingLast("220 mail.example.org ESMTP\r\n") },
  "answers with an impossible status": { ends: "either", accept: sendingLast(head("000 Zero", "Content-Length: 0")) },
  "answers with a broken chunk": { ends: "at once", accept: sending(`${head("200 OK", chunked, json)}zz\r\n`) },
  "answers with two lengths": {
    ends: "at once",
    accept: sending(`${head("200 OK", "Content-Length: 1", "Content-Length: 2")}{}`),
  },
  "answers twice": { ends: "either", accept: sendingLast(head("500 Oops", "Content-Length: 0").repeat(2)) },
  "has a certificate of nobody": { ends: "at once", over: "tls", accept: sending(head("200 OK", "Content-Length: 0")) },
  "answers TLS with plain text": {
    ends: "at once",
    over: "https to a plain server",
    accept: sendingLast(head("400 Bad Request", "Content-Length: 0")),
  },
  "never answers the TLS handshake": {
    ends: "late",
    over: "https to a plain server",
    accept: (socket) => void socket.resume(),
  },
  "resets within the TLS handshake": {
    ends: "at once",
    over: "https to a plain server",
    accept: onRequest((socket) => void socket.resetAndDestroy()),
  },
  "closes within the TLS handshake": {
    ends: "at once",
    over: "https to a plain server",
    accept: onRequest((socket) => void socket.end()),
  },
  "refuses the TLS handshake": {
    ends: "at once",
    over: "https to a plain server",
    // A fatal alert: handshake_failure.
    accept: sendingLast(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
  },
};

/** Starts a peer that does this. @param certificate for `over: "tls"` */
export async function startPeer(
  { over = "plain", accept }: PeerBehaviour,
  certificate: { readonly key: string; readonly cert: string },
): Promise<Peer> {
  const sockets = new Set<Socket>();
  const emptied = new Set<() => void>();
  const onConnection = (socket: Socket) => accept(socket.on("error", () => {}));
  const server: Server =
    over === "tls" ? createTlsServer(certificate, onConnection) : createServer({ allowHalfOpen: false }, onConnection);
  server.on("tlsClientError", () => {});
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of emptied) resolve();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `${over === "plain" ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async connected(count) {
      while (connections < count) await once(server, "connection");
    },
    idle() {
      // A socket that is not read does not see its end.
      for (const socket of sockets) socket.resume();
      return new Promise((resolve) => (sockets.size === 0 ? resolve() : emptied.add(resolve)));
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

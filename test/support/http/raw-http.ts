import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An answer as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** Every whole answer so far, in order; interim ones (1xx) too. */
  readonly answers: () => RawAnswer[];
  /** Waits until the server closes the connection; tells every answer that came. */
  readonly closed: () => Promise<RawAnswer[]>;
}

/** A client of HTTP that sends exactly the bytes that it is told. */
export async function openRawConnection(serverUrl: string): Promise<RawConnection> {
  const { port, hostname } = new URL(serverUrl);
  const socket = connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  // A reset is one of the ways in which a server closes.
  socket.on("error", () => {});
  const closing = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  const answers = () => parseAnswers(Buffer.concat(pieces).toString("latin1"));
  const closed = async () => {
    await closing;
    return answers();
  };
  return { socket, answers, closed };
}

/** Sends these bytes and reads until the server closes the connection. */
export async function exchangeRaw(serverUrl: string, text: string): Promise<RawAnswer[]> {
  const { socket, closed } = await openRawConnection(serverUrl);
  socket.write(text, "latin1");
  return closed();
}

function parseAnswers(text: string): RawAnswer[] {
  const found: RawAnswer[] = [];
  let rest = text;
  for (let end = rest.indexOf("\r\n\r\n"); end !== -1; end = rest.indexOf("\r\n\r\n")) {
    const [statusLine = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(lines.map(splitHeader));
    const length = Number(headers["content-length"] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length < length) break;
    found.push({ status: Number(statusLine.split(" ")[1]), headers, body });
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

function splitHeader(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}

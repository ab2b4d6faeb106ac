import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An answer, as read from the socket. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawConnection {
  readonly socket: Socket;
  /** Every complete answer so far, in order, with interim (1xx) answers. */
  readonly answers: () => RawAnswer[];
  /** Waits until the server closes the connection, then returns every answer. */
  readonly closed: () => Promise<RawAnswer[]>;
}

/** An HTTP client that sends exactly the given bytes. */
export async function openRawConnection(serverUrl: string): Promise<RawConnection> {
  const { port, hostname } = new URL(serverUrl);
  const socket = connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  // A server may close by a reset.
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
  const answers: RawAnswer[] = [];
  let rest = text;
  for (let end = rest.indexOf("\r\n\r\n"); end !== -1; end = rest.indexOf("\r\n\r\n")) {
    const [statusLine = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = Object.fromEntries(lines.map(splitHeader));
    const length = Number(headers["content-length"] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length < length) break;
    answers.push({ status: Number(statusLine.split(" ")[1]), headers, body });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}

function splitHeader(line: string): [string, string] {
  const at = line.indexOf(":");
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}

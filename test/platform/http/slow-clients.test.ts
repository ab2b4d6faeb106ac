import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ConnectionLimits,
  connectionLimits,
  type HttpServer,
  startHttpServer,
} from "../../../src/platform/http/server.ts";
import { storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { openRawConnection, type RawConnection } from "../../support/http/raw-http.ts";
import { testTimeout } from "../../support/time-limits.ts";

/** The limits of a server, shortened; long enough for a busy machine to read a complete request. */
const soon: ConnectionLimits = {
  ...connectionLimits,
  headMilliseconds: 1_200,
  requestMilliseconds: 2_400,
  checkMilliseconds: 50,
  silenceMilliseconds: 1_600,
  idleMilliseconds: 1_200,
};

let app: TestApp;
let server: HttpServer;
let authorization: string;
beforeAll(async () => {
  app = await createTestApp("postgres");
  server = await startHttpServer(app.program.app, "127.0.0.1", 0, soon);
  const { body } = await app.request("POST", "/eom/admin/tokens", { label: "socket", role: "admin" });
  authorization = `Authorization: Bearer ${body.token}`;
});
afterAll(async () => {
  await server.stop(0);
  await app.close();
});

const head = (lines: string) =>
  `POST ${storages} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\n${lines}\r\n`;

/** Sends a byte each 20 ms until the connection closes. @returns how many */
async function drip({ socket, closed }: RawConnection, byte: string): Promise<number> {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(byte);
    sent += 1;
  }, 20);
  await closed();
  clearInterval(timer);
  return sent;
}

describe("a client that sends a byte now and then", () => {
  const expectTimeout = (connection: RawConnection) => {
    const [answer, ...others] = connection.answers();
    expect(others).toEqual([]);
    expect(answer?.status).toBe(408);
    expect(answer?.headers).toMatchObject({ connection: "close", "content-type": "application/json" });
    expect(JSON.parse(answer?.body ?? "")).toEqual({
      error_code: "REQUEST_TIMEOUT",
      http_status: 408,
      error_msg: expect.any(String),
      x_user: null,
      details: null,
    });
  };

  test("in its headers gets 408", async () => {
    const connection = await openRawConnection(server.url);
    connection.socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nX: ");
    expect(await drip(connection, "x")).toBeGreaterThan(1);
    expectTimeout(connection);
  });

  test("in its body gets 408, and nothing is created", async () => {
    const connection = await openRawConnection(server.url);
    connection.socket.write(head("Content-Length: 5000\r\n"));
    expect(await drip(connection, " ")).toBeGreaterThan(1);
    expectTimeout(connection);
    expect((await app.request("GET", storages)).body.total).toBe(0);
  });

  test("in a body of chunks gets 408", async () => {
    const connection = await openRawConnection(server.url);
    connection.socket.write(head("Transfer-Encoding: chunked\r\n"));
    await drip(connection, "1\r\n \r\n");
    expectTimeout(connection);
  });

  test("without authentication is answered at once, and does not keep its connection", async () => {
    const connection = await openRawConnection(server.url);
    connection.socket.write(`POST ${storages} HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n`);
    await drip(connection, " ");
    expect(connection.answers()[0]?.status).toBe(401);
  });

  test("or nothing at all is disconnected", async () => {
    const { closed } = await openRawConnection(server.url);
    expect((await closed()).map(({ status }) => status)).toEqual([408]);
  });

  test("or nothing after its request is disconnected without an answer", async () => {
    const { socket, closed } = await openRawConnection(server.url);
    socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await closed()).map(({ status }) => status)).toEqual([200]);
  });
});

test("a client that never reads its answers is cut off before all its requests are carried out", async () => {
  let made = 0;
  const talkative = new Hono().get("/", (c) => {
    made += 1;
    return c.text("x".repeat(10_000));
  });
  const server = await startHttpServer(talkative, "127.0.0.1", 0, soon);
  const { socket, closed } = await openRawConnection(server.url);
  socket.pause();
  // A gigabyte of answers: far more than the buffers between client and server.
  const asked = 100_000;
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(asked));
  // It reads nothing, so only a failing write shows it the end.
  const timer = setInterval(() => socket.write("G"), 50);
  await closed();
  clearInterval(timer);
  expect(made).toBeGreaterThan(0);
  expect(made).toBeLessThan(asked);
  await server.stop(0);
});

describe("a body without end", () => {
  let patient: HttpServer;
  beforeAll(async () => {
    const limits = { headMilliseconds: testTimeout, requestMilliseconds: testTimeout };
    patient = await startHttpServer(app.program.app, "127.0.0.1", 0, { ...connectionLimits, ...limits });
  });
  afterAll(() => patient.stop(0));

  test.each([
    ["of a gigabyte by its length", "Content-Length: 1073741824\r\n", ""],
    ["in one chunk of a gigabyte", "Transfer-Encoding: chunked\r\n", "40000000\r\n"],
  ])("%s is refused, and cut off soon after", async (_how, lines, start) => {
    const connection = await openRawConnection(patient.url);
    const sent = await flood(connection, head(lines) + start);
    expect(connection.answers().map(({ status }) => status)).toEqual([413]);
    expect(sent).toBeLessThan(2 ** 30);
  });

  test("for a route without a body is not read to its end", async () => {
    const connection = await openRawConnection(patient.url);
    await flood(connection, "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n");
    expect(connection.answers().map(({ status }) => status)).toEqual([413]);
  });

  /** Sends as fast as the server reads until it closes. @returns how many bytes */
  async function flood({ socket, closed }: RawConnection, start: string): Promise<number> {
    const piece = Buffer.alloc(256 * 1024, 32);
    let sent = 0;
    const send = () => {
      while (!socket.destroyed && sent < 1024 ** 3) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on("drain", send);
    socket.write(start);
    send();
    await closed();
    return sent;
  }
});

test("connections beyond the limit are closed at once, and the others go on", async () => {
  const small = new Hono().get("/", (c) => c.text("here"));
  const crowded = await startHttpServer(small, "127.0.0.1", 0, { ...connectionLimits, maxConnections: 2 });
  const first = await openRawConnection(crowded.url);
  const second = await openRawConnection(crowded.url);
  const third = await openRawConnection(crowded.url);
  expect(await third.closed()).toEqual([]);
  for (const { socket, closed } of [first, second]) {
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect((await closed()).map(({ status }) => status)).toEqual([200]);
  }
  await crowded.stop(0);
});

import { once } from "node:events";
import { connect } from "node:net";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxBodyBytes } from "../../../src/platform/http/body.ts";
import { connectionLimits, type HttpServer, startHttpServer } from "../../../src/platform/http/server.ts";
import { storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";

let app: TestApp;
let server: HttpServer;
let authorization: string;
beforeAll(async () => {
  app = await createTestApp("postgres");
  server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
  const { body } = await app.request("POST", "/eom/admin/tokens", { label: "socket", role: "admin" });
  authorization = `Authorization: Bearer ${body.token}`;
});
afterAll(async () => {
  await server.stop(0);
  await app.close();
});

/** Sends these bytes and reads until the server closes the connection. */
async function exchange(text: string): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const pieces: Buffer[] = [];
  socket.on("data", (piece: Buffer) => pieces.push(piece));
  socket.write(text);
  await once(socket, "close");
  const answer = Buffer.concat(pieces).toString("utf8").replace("HTTP/1.1 100 Continue\r\n\r\n", "");
  const end = answer.indexOf("\r\n\r\n");
  return { status: Number(answer.split(" ")[1]), head: answer.slice(0, end), body: answer.slice(end + 4) };
}

const closing = "Connection: close\r\n\r\n";

describe("a request that Node's parser or listener refuses is answered in the format of errors", () => {
  test.each([
    ["no HTTP at all", "hello\r\n\r\n"],
    ["a length that is no number", `POST ${storages} HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n${closing}`],
    [
      "two lengths",
      `POST ${storages} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${closing}`,
    ],
    ["no host", `GET /healthz HTTP/1.1\r\n${closing}`],
    ["a host that is none", `GET /healthz HTTP/1.1\r\nHost: a b/c\r\n${closing}`],
    ["two hosts", `GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n${closing}`],
    ["a host with a user", `GET /healthz HTTP/1.1\r\nHost: a@b\r\n${closing}`],
    ["a host of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`],
    ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a method that is none", `BREW /pot HTTP/1.1\r\nHost: a\r\n${closing}`],
    ["a version that is none", `GET /healthz HTTP/9.9\r\nHost: a\r\n${closing}`],
    ["an asterisk for a path", `OPTIONS * HTTP/1.1\r\nHost: a\r\n${closing}`],
  ])("%s", async (_what, text) => {
    const { status, head, body } = await exchange(text);
    expect(status).toBe(400);
    expect(head.toLowerCase()).toContain("content-type: application/json");
    expect(JSON.parse(body)).toEqual({
      error_code: "VALIDATION_ERROR",
      http_status: 400,
      error_msg: expect.any(String),
      x_user: null,
      details: {
        issues: [{ path: "", message: expect.any(String), code: "unparsed_request" }],
        total_issues: 1,
      },
    });
  });
});

describe("headers that are too large are refused in the format of errors", () => {
  test.each([
    ["by one header", `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n${closing}`],
    ["by its path", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n${closing}`],
    ["by 10,000 headers", `GET /healthz HTTP/1.1\r\nHost: a\r\n${"a:b\r\n".repeat(10_000)}${closing}`],
  ])("%s", async (_what, text) => {
    const { status, head, body } = await exchange(text);
    expect(status).toBe(431);
    expect(head).toContain("431 Request Header Fields Too Large");
    expect(head.toLowerCase()).toContain("x-content-type-options: nosniff");
    expect(JSON.parse(body)).toMatchObject({
      error_code: "HEADERS_TOO_LARGE",
      http_status: 431,
      details: { limit: connectionLimits.maxHeadBytes },
    });
  });

  test("but no header is lost if they are small enough, however many there are", async () => {
    const many = "a:b\r\n".repeat(3000);
    const { status } = await exchange(`GET /eom/admin/me HTTP/1.1\r\nHost: a\r\n${many}${authorization}\r\n${closing}`);
    expect(status).toBe(200);
  });
});

test.each([
  "1.2.3.4.5",
  "eom.svc.1",
  "256.1.1.1",
  "0x7f.1",
  "[::1]:8080",
  "a:99999",
  "xn--",
  "_a",
  "ex%61mple",
  "A.B:80",
  "",
])("any host by its grammar is served, since EOM reads paths alone: '%s'", async (host) => {
  for (const path of ["/healthz", "/nowhere", "/healthz?a=ä"]) {
    const { head, status } = await exchange(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${closing}`);
    expect(head.toLowerCase()).toContain("content-type: application/json");
    expect(status).toBe(path === "/healthz" ? 200 : path === "/nowhere" ? 404 : 400);
  }
});

test("HTTP/1.0 may leave the host out", async () => {
  expect((await exchange("GET /healthz HTTP/1.0\r\n\r\n")).status).toBe(200);
});

test("TRACE is answered as any wrong method", async () => {
  const { status, head } = await exchange(`TRACE /healthz HTTP/1.1\r\nHost: a\r\n${closing}`);
  expect(status).toBe(405);
  expect(head.toLowerCase()).toContain("allow: get, head");
});

test("an absolute URL and an unknown expectation are accepted", async () => {
  expect((await exchange(`GET http://b/healthz HTTP/1.1\r\nHost: a\r\n${closing}`)).status).toBe(200);
  expect((await exchange(`GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n${closing}`)).status).toBe(200);
});

describe("a body that is too large", () => {
  const head = () => `POST ${storages} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\n`;
  const large = " ".repeat(2 * maxBodyBytes);

  test.each([
    ["with its length", () => `${head()}Content-Length: ${large.length}\r\n${closing}${large}`],
    [
      "in chunks",
      () => `${head()}Transfer-Encoding: chunked\r\n${closing}${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    ],
    ["announced", () => `${head()}Content-Length: ${large.length}\r\nExpect: 100-continue\r\n${closing}`],
  ])("is refused with an answer that the client can read: %s", async (_how, toText) => {
    const { status, body } = await exchange(toText());
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ error_code: "PAYLOAD_TOO_LARGE", details: { limit: maxBodyBytes } });
  });
});

test("a client that goes away in the middle of its body gets no DATABASE_UNAVAILABLE", async () => {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const id = "gone-in-the-middle";
  socket.write(
    `POST ${storages} HTTP/1.1\r\nHost: a\r\n${authorization}\r\nX-Request-Id: ${id}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
  );
  await once(socket, "connect");
  socket.destroy();
  await expect.poll(() => app.log.find((line) => line.includes(id))).toContain("MALFORMED_JSON");
  expect(app.log.find((line) => line.includes(id))).toContain('"level":"info"');
});

describe("a server that stops", () => {
  /** Holds its answers until they are released; answers of `begun` send their headers and first byte at once. */
  async function startHeldServer(answering: "whole" | "begun") {
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const heldApp = new Hono().get("/", async () => {
      asked.resolve();
      if (answering === "begun") return new Response(toBody(held.promise));
      await held.promise;
      return new Response("whole");
    });
    const server = await startHttpServer(heldApp, "127.0.0.1", 0, connectionLimits);
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1").setEncoding("utf8");
    const pieces: string[] = [];
    socket.on("data", (piece: string) => pieces.push(piece));
    return { server, socket, asked: asked.promise, release: held.resolve, read: () => pieces.join("") };
  }

  function toBody(held: Promise<void>): ReadableStream {
    return new ReadableStream({
      async start(controller) {
        controller.enqueue("begun");
        await held;
        controller.enqueue(" and ended");
        controller.close();
      },
    });
  }

  const asking = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const graceMilliseconds = 600_000;

  test("sends Connection: close to a client that waits for an answer", async () => {
    const { server, socket, asked, release, read } = await startHeldServer("whole");
    socket.write(asking);
    await asked;
    const stopped = server.stop(graceMilliseconds);
    release();
    await Promise.all([stopped, once(socket, "close")]);
    expect(read().toLowerCase()).toMatch(/\r\nconnection: close\r\n[\s\S]*whole$/);
  });

  test("closes the connection after an answer that had begun", async () => {
    const { server, socket, release, read } = await startHeldServer("begun");
    socket.write(asking);
    await expect.poll(read).toContain("begun");
    const stopped = server.stop(graceMilliseconds);
    release();
    await Promise.all([stopped, once(socket, "close")]);
    expect(read()).toContain(" and ended");
  });

  test("answers a request that had begun, and no later request on its connection", async () => {
    const { server, socket, asked, release, read } = await startHeldServer("whole");
    socket.write(asking.slice(0, 10));
    await expect.poll(() => socket.bytesWritten).toBe(10);
    const first = connect(Number(new URL(server.url).port), "127.0.0.1");
    first.write(asking);
    await asked;
    const stopped = server.stop(graceMilliseconds);
    socket.write(asking.slice(10) + asking);
    release();
    await Promise.all([stopped, once(socket, "close")]);
    first.destroy();
    expect(read().toLowerCase().split("http/1.1 200")).toHaveLength(2);
    expect(read().toLowerCase()).toContain("connection: close");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../../src/platform/http/server.ts";
import { storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { exchangeRaw, openRawConnection, type RawAnswer } from "../../support/http/raw-http.ts";

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

const get = (path: string, lines = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
const last = (path: string) => get(path, "Connection: close\r\n");
const post = (lines: string, body: string) =>
  `POST ${storages}/verify HTTP/1.1\r\nHost: a\r\n${authorization}\r\nContent-Type: application/json\r\n${lines}\r\n${body}`;
const statuses = (answers: readonly RawAnswer[]) => answers.map(({ status }) => status);
const codes = (answers: readonly RawAnswer[]) => answers.map(({ body }) => JSON.parse(body).error_code);

describe("a request whose end is ambiguous is refused, and the request after it is never carried out", () => {
  const smuggled = get("/readyz", "X-Request-Id: smuggled\r\n");
  test.each([
    ["a length and chunks", `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["chunks and a length", `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, `0\r\n\r\n${smuggled}`],
    ["two lengths that differ", `Content-Length: 2\r\nContent-Length: 40\r\n`, `{}${smuggled}`],
    ["two lengths that are equal", `Content-Length: 2\r\nContent-Length: 2\r\n`, `{}${smuggled}`],
    ["a list of lengths", `Content-Length: 2, 40\r\n`, `{}${smuggled}`],
    ["a length with a sign", `Content-Length: +2\r\n`, `{}${smuggled}`],
    ["a length in hex", `Content-Length: 0x2\r\n`, `{}${smuggled}`],
    ["a negative length", `Content-Length: -1\r\n`, `{}${smuggled}`],
    ["a length beyond 64 bits", `Content-Length: 18446744073709551618\r\n`, `{}${smuggled}`],
    ["a coding that is not chunked", `Transfer-Encoding: xchunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["chunked, which is not the last coding", `Transfer-Encoding: chunked, identity\r\n`, `0\r\n\r\n${smuggled}`],
    ["a blank before the colon", `Transfer-Encoding : chunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["a folded header", `X: a\r\n Transfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["a vertical tab in a coding", `Transfer-Encoding: \x0bchunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["lines that end in LF alone", `X: a\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["a CR within a header", `X: a\rTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${smuggled}`],
    ["a NUL in a header", `X: a\0b\r\nContent-Length: 2\r\n`, `{}${smuggled}`],
    ["a chunk whose size is no number", `Transfer-Encoding: chunked\r\n`, `zz\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ["a chunk whose size is past 64 bits", `Transfer-Encoding: chunked\r\n`, `11111111111111111\r\n{}${smuggled}`],
    ["a chunk that is longer than it says", `Transfer-Encoding: chunked\r\n`, `1\r\n{}\r\n0\r\n\r\n${smuggled}`],
  ])("%s", async (_what, lines, body) => {
    const answers = await exchangeRaw(server.url, post(lines, body));
    expect(statuses(answers)).toEqual([400]);
    expect(answers[0]?.headers["connection"]).toBe("close");
    expect(codes(answers)[0]).toMatch(/^(VALIDATION_ERROR|MALFORMED_JSON)$/);
    expect(app.log.filter((line) => line.includes("smuggled"))).toEqual([]);
  });
});

describe("the length of a body", () => {
  test("that is too small leaves a rest that is no request", async () => {
    const answers = await exchangeRaw(server.url, post("Content-Length: 2\r\n", '{}, "name": "x"}\r\n\r\n'));
    expect(codes(answers)).toEqual(["VALIDATION_ERROR", "VALIDATION_ERROR"]);
    expect(answers[0]?.body).toContain("/resource");
    expect(answers[1]?.body).toContain("unparsed_request");
  });

  test("that is too large is answered as a body that was cut off", async () => {
    const { socket, closed } = await openRawConnection(server.url);
    socket.end(post("Content-Length: 500\r\nX-Request-Id: cut-short\r\n", "{"));
    expect(statuses(await closed()).filter((status) => status !== 400)).toEqual([]);
  });

  test("is not needed for chunks, with extensions and trailers", async () => {
    const body = "1;name=value\r\n{\r\n1\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n";
    const answers = await exchangeRaw(server.url, post("Transfer-Encoding: chunked\r\nConnection: close\r\n", body));
    expect(answers[0]?.body).toContain("/resource");
  });

  test("does not matter for chunks with too many extensions, which are refused", async () => {
    const body = `1;${"x".repeat(20_000)}\r\n{\r\n1\r\n}\r\n0\r\n\r\n`;
    expect(statuses(await exchangeRaw(server.url, post("Transfer-Encoding: chunked\r\n", body)))).toEqual([400]);
  });
});

describe("requests that are sent without waiting", () => {
  test("are answered in their order", async () => {
    const paths = ["/healthz", "/nowhere", "/readyz", "/docs/errors"];
    const answers = await exchangeRaw(server.url, paths.map((path) => get(path)).join("") + last("/healthz"));
    expect(statuses(answers)).toEqual([200, 404, 200, 200, 200]);
  });

  test("are answered before the text behind them that is no request is refused", async () => {
    const answers = await exchangeRaw(server.url, `${get("/readyz")}${get("/healthz")}nonsense\r\n\r\n`);
    expect(statuses(answers)).toEqual([200, 200, 400]);
  });
});

describe("the target of a request", () => {
  test.each([
    ["http://other.example.org/healthz", 200],
    ["/eom/../healthz", 400],
    ["/eom/%2e%2e/metrics", 400],
    ["/eom/%2E./metrics", 400],
    ["/./healthz", 400],
    ["/eom/admin/users/%2E%2E/quotas/1", 400],
    ["http://other.example.org/eom/..", 400],
    ["/..", 400],
    ["/../../../../etc/passwd", 400],
    ["/docs/../../package.json", 400],
    ["/...", 404],
    ["/eom/%252e%252e/healthz", 404],
    ["/nowhere?keyword=/../x", 404],
    ["/docs/..%2f..%2fpackage.json", 404],
    ["/docs/%00", 404],
    ["//healthz", 404],
    ["/healthz/", 404],
    ["/HEALTHZ", 404],
    ["/healthz;x=1", 404],
    ["/healthz%0d%0aX-Injected:1", 404],
    ["/%ff%fe", 404],
    ["/docs\\..\\x", 400],
    ["file:///etc/passwd", 400],
    ["healthz", 400],
  ])("%s is answered as the path that it is, and never leaves the routes", async (target, status) => {
    const answers = await exchangeRaw(server.url, last(target));
    expect(statuses(answers)).toEqual([status]);
    expect(answers[0]?.headers["content-type"]).toBe("application/json");
    expect(answers[0]?.headers).not.toHaveProperty("x-injected");
  });

  test("with a raw NUL or control character is refused", async () => {
    for (const byte of ["\0", "\x01", "\x7f", "\t"])
      expect(statuses(await exchangeRaw(server.url, last(`/healthz${byte}`))), JSON.stringify(byte)).toEqual([400]);
  });

  test("with dots is refused for what it is, and in the log", async () => {
    const answers = await exchangeRaw(
      server.url,
      get(`/docs/..${storages}`, "Connection: close\r\nX-Request-Id: dots\r\n"),
    );
    expect(answers[0]?.headers["x-request-id"]).toBe("dots");
    expect(answers[0]?.body).toContain("dot_segment");
    expect(app.log.filter((line) => line.includes('"dots"'))).toHaveLength(1);
  });

  test("of a tunnel is refused in the format of errors, and opens no tunnel", async () => {
    const answers = await exchangeRaw(server.url, "CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n");
    expect(codes(answers)).toEqual(["VALIDATION_ERROR"]);
  });

  test("with an upgrade to another protocol is answered without the upgrade", async () => {
    const upgrade = "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n";
    expect(statuses(await exchangeRaw(server.url, get("/healthz", upgrade)))).toEqual([200]);
  });
});

describe("Expect: 100-continue", () => {
  test("is answered before the body is sent, and then the body is read", async () => {
    const { socket, answers, closed } = await openRawConnection(server.url);
    socket.write(post("Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n", ""));
    await expect.poll(() => statuses(answers())).toEqual([100]);
    socket.write("{}");
    expect(statuses(await closed())).toEqual([100, 400]);
  });
});

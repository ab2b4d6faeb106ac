import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionLimits, type HttpServer, startHttpServer } from "../../src/platform/http/server.ts";
import { quotas } from "../contract/provocations.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { exchangeRaw, type RawAnswer } from "../support/http/raw-http.ts";
import cases from "./grammar.json" with { type: "json" };

/*
 * The table of odd requests in grammar.json, one test a row, each sent over a socket as its bytes: each row says what came in, and the
 * right result.
 */

let app: TestApp;
let server: HttpServer;
beforeAll(async () => {
  app = await createTestApp("embedded");
  server = await startHttpServer(app.program.app, "127.0.0.1", 0, connectionLimits);
});
afterAll(async () => {
  await server.stop(0);
  await app.close();
});

/** Sends one request. `headers` may replace those that every request has. */
async function send(
  method: string,
  path: string,
  body = "",
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const all = {
    Host: "eom",
    Authorization: `Bearer ${app.tokens.admin}`,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const [answer] = await exchangeRaw(server.url, `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
  if (answer === undefined) throw new Error("the server closed the connection without an answer");
  return answer;
}

const describeSize = (size = "1") => `{"name": "${randomUUID()}", "type": "MaxSize", "value": {"max_size": ${size}}}`;

async function createQuota(): Promise<string> {
  return JSON.parse((await send("POST", quotas, describeSize())).body).id;
}

async function consume(amount: string): Promise<RawAnswer> {
  const path = "/eom/admin/users/alice/usage/consume";
  return send("POST", path, `{"amounts": {"MaxOrderTimes": ${amount}}}`, { "Idempotency-Key": randomUUID() });
}

const runs: Readonly<Record<string, () => Promise<void>>> = {
  "host-number": async () => {
    for (const host of ["1.2.3.4.5", "eom.svc.1", "256.1.1.1"]) {
      const { status, headers } = await send("GET", "/healthz", "", { Host: host });
      expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type: "application/json" });
      expect(headers["x-request-id"]).toBeDefined();
    }
  },
  "ct-semicolon": async () => {
    const { status } = await send("POST", quotas, describeSize(), { "Content-Type": "application/json;" });
    expect(status).toBe(201);
  },
  "ct-param": async () => {
    const type = "application/json; version=1; charset=utf-8";
    expect((await send("POST", quotas, describeSize(), { "Content-Type": type })).status).toBe(201);
  },
  "accept-q": async () => {
    const accept = "application/problem+json;q=0.1, application/json;q=0.9";
    const { status, headers } = await send("GET", "/nowhere", "", { Accept: accept });
    expect({ status, type: headers["content-type"] }).toEqual({ status: 404, type: "application/json" });
  },
  "ifmatch-empty": async () => {
    const path = `${quotas}/${await createQuota()}`;
    expect((await send("PUT", path, '{"enable": false}', { "If-Match": '"1",' })).status).toBe(200);
  },
  "num-fraction": async () => {
    const { status, body } = await send("POST", quotas, describeSize("9007199254740991.4"));
    expect({ status, path: JSON.parse(body).details.issues[0].path }).toEqual({ status: 400, path: "/value/max_size" });
  },
  "num-fraction-2": async () => {
    for (const amount of ["1.0000000000000000001", "1e-400"]) expect((await consume(amount)).status).toBe(400);
  },
  "dots-put": async () => {
    const id = await createQuota();
    await send("POST", `/eom/admin/users/alice/quotas/${id}`);
    expect((await send("PUT", `/eom/admin/users/%2E%2E/quotas/${id}`, '{"enable": false}')).status).toBe(400);
    for (const path of [`${quotas}/${id}`, `/eom/admin/users/alice/quotas/${id}`])
      expect(JSON.parse((await send("GET", path)).body).enable).toBe(true);
  },
};

test("every row of the table has a test", () => {
  expect(Object.keys(runs).sort()).toEqual(cases.map(({ id }) => id).sort());
});

test.for(cases)("$id: $kind", async ({ id }) => {
  await runs[id]?.();
});

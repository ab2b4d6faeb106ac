import { afterAll, beforeAll, expect, test } from "vitest";
import { storages } from "../../contract/described.ts";
import { createStorage } from "../../contract/provocations.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { createAsk } from "../../support/http/ask.ts";

let app: TestApp;
let ask: Awaited<ReturnType<typeof createAsk>>;
beforeAll(async () => {
  app = await createTestApp("postgres");
  ask = await createAsk(app);
});
afterAll(() => app.close());

test.each([
  "/",
  "/eom",
  "/eom/admin/storages/",
  "/eom/admin//storages",
  "/EOM/admin/storages",
  "/eom/admin/storages/a/b/c",
  "/favicon.ico",
])("an unknown path is not found: %s", async (path) => {
  expect(await app.request("GET", path)).toMatchObject({ status: 404, body: { error_code: "ROUTE_NOT_FOUND" } });
});

test("an unknown path names the caller in x_user, and is 404 with or without a token", async () => {
  for (const role of ["viewer", "meter", "operator", "admin"] as const) {
    expect((await app.request("GET", "/nowhere", undefined, { role })).body.x_user).toBe(role);
  }
  expect(await app.request("GET", "/nowhere", undefined, { role: null })).toMatchObject({
    status: 404,
    body: { x_user: null },
  });
  const headers = { authorization: "Bearer wrong" };
  expect((await app.request("GET", "/nowhere", undefined, { headers })).status).toBe(404);
});

test.each([
  ["PATCH", storages, "GET, HEAD, POST"],
  ["OPTIONS", storages, "GET, HEAD, POST"],
  ["PURGE", "/healthz", "GET, HEAD"],
  ["POST", "/docs/errors", "GET, HEAD"],
  ["POST", `${storages}/1/collections/2`, "PUT, DELETE"],
  ["HEAD", `${storages}/1/collections/2`, "PUT, DELETE"],
  // An exact path is matched before a template that would take its last step for an id, as OpenAPI requires.
  ["PATCH", `${storages}/verify`, "POST"],
  ["GET", `${storages}/verify`, "POST"],
  ["DELETE", `${storages}/verify`, "POST"],
])("a wrong method is answered with the right methods: %s %s", async (method, path, allow) => {
  const response = await ask(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
  const body = await response.text();
  if (method === "HEAD") expect(body).toBe("");
  else expect(JSON.parse(body)).toMatchObject({ error_code: "METHOD_NOT_ALLOWED", http_status: 405 });
});

test("HEAD is answered as GET, without the body", async () => {
  const { id } = await createStorage(app);
  for (const path of [
    storages,
    `${storages}/${id}`,
    `${storages}/nowhere`,
    "/healthz",
    "/openapi.json",
    "/metrics",
    "/docs",
  ]) {
    const [get, head] = [await ask(path), await ask(path, { method: "HEAD" })];
    expect(head.status, path).toBe(get.status);
    expect(await head.text(), path).toBe("");
    for (const name of ["content-type", "etag", "cache-control", "link"])
      expect(head.headers.get(name), `${path} ${name}`).toBe(get.headers.get(name));
  }
});

test("HEAD needs the role that GET needs", async () => {
  const response = await app.program.app.request(storages, { method: "HEAD" });
  expect(response.status).toBe(401);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findHttpFunction } from "../../src/fission/table.ts";
import { describeStorage, schedules, storages } from "../contract/described.ts";
import { createStorage, provocations } from "../contract/provocations.ts";
import { createFissionApp, type FissionApp } from "../support/fission/app.ts";
import { variants } from "../support/fission/specs.ts";
import type { Answer } from "../support/http/app.ts";

/** Answers of the router itself when each path has its own trigger: such requests do not reach EOM. */
const ofTheRouter: readonly string[] = ["ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED"];

/** The router splits a path whose user id has a slash. */
const withSlash: readonly string[] = ["USER_QUOTA_NOT_FOUND"];

describe.each(variants)("through the functions, with %s", (variant) => {
  let app: FissionApp;
  const undone: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    app = await createFissionApp(variant);
    // The first request to each pod makes EOM take over Express's own answers.
    for (const path of [storages, "/eom/admin/quotas", schedules, "/eom/admin/me"]) await app.request("GET", path);
  });
  afterAll(async () => {
    for (const undo of undone.reverse()) await undo();
    await app.close();
  });

  test.each(Object.entries(provocations))("%s is answered as by the server itself", async (code, provoke) => {
    const provoked = await provoke({ app, onEnd: (undo) => undone.push(undo) });
    // The provocation uses a program of its own, which has no functions.
    if (provoked.request !== app.request) return;
    // No trigger has this path, so Fission's router answers.
    if (findHttpFunction(provoked.path.split("?")[0] ?? "") === null) return;
    if (variant === "relativeurl" && [...ofTheRouter, ...withSlash].includes(code)) return;
    for (const accept of ["application/json", "application/problem+json"]) {
      const options = { ...provoked.options, headers: { ...provoked.options?.headers, accept, "x-request-id": "one" } };
      const { method, path, body } = provoked;
      const answer = await app.request(method, path, body, options);
      const expected = await app.direct(method, path, body, options);
      expect(toComparable(answer)).toEqual(toComparable(expected));
    }
  });

  test("a storage is created, read, changed and deleted as through the server itself", async () => {
    const made = await app.request("POST", `${storages}?verify=false`, describeStorage({ name: "größe €" }));
    expect(made.status).toBe(201);
    const path = `${storages}/${made.body.id}`;
    expect(made.headers.get("location")).toBe(path);
    for (const requested of [
      path,
      storages,
      `${storages}?filter[keyword]=gr%C3%B6%C3%9Fe&size=1`,
      `${path}/dependants`,
    ])
      expect(toComparable(await app.request("GET", requested))).toEqual(
        toComparable(await app.direct("GET", requested)),
      );
    expect((await app.request("PUT", path, { description: "new" })).body).toMatchObject({ version: 2 });
    const gone = await app.request("DELETE", path);
    expect([gone.status, gone.body, gone.headers.get("content-type")]).toEqual([204, "", null]);
    expect((await app.request("GET", path)).status).toBe(404);
  });

  test("answers to HEAD, and for an unchanged object, have no body", async () => {
    const { id } = await createStorage(app);
    const path = `${storages}/${id}`;
    const head = await app.request("HEAD", path);
    expect([head.status, head.body, head.headers.get("etag")]).toEqual([200, "", '"1"']);
    const same = await app.request("GET", path, undefined, { headers: { "if-none-match": '"1"' } });
    expect([same.status, same.body, same.headers.get("etag")]).toEqual([304, "", '"1"']);
    const list = await app.request("GET", storages);
    expect(list.headers.get("etag")).toBeNull();
    expect(list.headers.get("x-powered-by")).toBeNull();
  });

  test("a body that is missing or no JSON object is answered as by the server itself", async () => {
    const path = `${storages}?verify=false`;
    for (const body of ["", "null", "7", "[]", "{", '{"__proto__": {}}', '{"name": "\\ud800"}'])
      expect(toComparable(await app.request("POST", path, body)), body).toEqual(
        toComparable(await app.direct("POST", path, body)),
      );
    for (const type of [
      "text/plain",
      "application/xml",
      "application/x-www-form-urlencoded",
      "application/json; charset=latin1",
    ]) {
      const options = { headers: { "content-type": type } };
      const answer = await app.request("POST", path, "a=b", options);
      expect(toComparable(answer), type).toEqual(toComparable(await app.direct("POST", path, "a=b", options)));
    }
  });

  test("a body that is too deep to be serialised again is refused as too deep", async () => {
    const answer = await app.request("POST", storages, `{"labels": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(answer.body.details.issues).toEqual(expect.arrayContaining([expect.objectContaining({ code: "too_deep" })]));
  });

  test("a body above EOM's limit is refused by EOM, also above Express's", async () => {
    for (const mebibytes of [1.5, 3]) {
      const answer = await app.request("POST", storages, { name: "x".repeat(mebibytes * 1024 * 1024) });
      expect(answer.status).toBe(413);
      expect(answer.body).toMatchObject({ error_code: "PAYLOAD_TOO_LARGE", details: { limit: 1024 * 1024 } });
    }
  });

  test("without a token the answer says nothing about the body", async () => {
    const answer = await app.request("POST", storages, "{", { role: null });
    expect(answer.body).toMatchObject({ error_code: "UNAUTHENTICATED", x_user: null });
  });

  test("no request caused an unexpected error in a pod", () => {
    expect(app.fission.output.join("")).not.toMatch(/Caught exception|Function error|ExperimentalWarning/);
  });
});

test("a body that Express cannot parse is answered by Express in a pod's first request, and by EOM afterwards", async () => {
  const app = await createFissionApp("prefix");
  const first = await app.request("POST", storages, "{");
  expect([first.status, first.headers.get("content-type")]).toEqual([400, "text/html; charset=utf-8"]);
  expect(first.body).not.toContain("node_modules");
  await app.request("GET", storages);
  expect(await app.request("POST", storages, "{")).toMatchObject({
    status: 400,
    body: { error_code: "MALFORMED_JSON" },
  });
  await app.close();
});

/** Leaves out values that differ between requests, and headers of the connection. */
function toComparable({ status, headers, body }: Answer) {
  const skipped = ["date", "connection", "keep-alive", "content-length", "x-request-id", "transfer-encoding"];
  const kept = [...headers].filter(([name]) => !skipped.includes(name)).sort();
  const text = JSON.stringify(body).replaceAll(/"request_id":"[^"]*"|"duration_ms":\d+/g, '"":0');
  return { status, headers: kept, body: JSON.parse(text) };
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storages } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { createFissionApp, type FissionApp } from "../support/fission/app.ts";

let app: FissionApp;
let id: string;
beforeAll(async () => {
  app = await createFissionApp("relativeurl");
  id = (await createStorage(app)).id;
});
afterAll(() => app.close());

/** Calls a function as Fission's router does with `relativeurl`: the path is in headers. */
async function call(functionName: string, headers: Record<string, string>) {
  const authorization = `Bearer ${app.tokens.admin}`;
  const { status, body } = await app.fission.call(functionName, "GET", "/", { authorization, ...headers });
  return { status, body: JSON.parse(body.toString()) };
}

const fullUrl = "X-Fission-Full-Url";
const storageId = "X-Fission-Params-Storageid";

describe("a path in headers", () => {
  test("is the client's path when every parameter of its route is there", async () => {
    const answer = await call("eom-storage", { [fullUrl]: `${storages}/${id}`, [storageId]: id });
    expect(answer).toMatchObject({ status: 200, body: { id } });
  });

  test.each<[string, () => Record<string, string>, string]>([
    ["without a parameter", () => ({ [fullUrl]: `${storages}/${id}` }), "/X-Fission-Params-StorageId"],
    [
      "with an empty parameter",
      () => ({ [fullUrl]: `${storages}/${id}`, [storageId]: "" }),
      "/X-Fission-Params-StorageId",
    ],
    ["without the path", () => ({ [storageId]: id }), "/X-Fission-Full-Url"],
    [
      "with headers that disagree",
      () => ({ [fullUrl]: `${storages}/${id}`, [storageId]: "another" }),
      "/X-Fission-Params-StorageId",
    ],
  ])("%s is refused, with the header's name", async (_name, toHeaders, path) => {
    const answer = await call("eom-storage", toHeaders());
    expect(answer).toMatchObject({
      status: 400,
      body: { error_code: "VALIDATION_ERROR", details: { issues: [{ path }] } },
    });
  });

  test("is refused when the client has a parameter's header removed on the way", async () => {
    const headers = { connection: storageId };
    expect(await app.request("GET", `${storages}/${id}`, undefined, { headers })).toMatchObject({
      status: 400,
      body: { error_code: "VALIDATION_ERROR" },
    });
  });

  test("ignores a parameter that its route does not declare", async () => {
    const answer = await call("eom-storage", { [fullUrl]: storages, [storageId]: id, "X-Fission-Params-Userid": "1" });
    expect(answer).toEqual({ status: 200, body: (await app.direct("GET", storages)).body });
    expect(answer.body.total).toBe(1);
  });

  test("may have a user id in any alphabet: encoded in the path, plain in the header", async () => {
    const path = `/eom/admin/users/${encodeURIComponent("zoë 東京")}/quotas`;
    const headers = { [fullUrl]: path, "X-Fission-Params-Userid": "zoë 東京" };
    expect(await call("eom-quota", headers)).toEqual({
      status: 200,
      body: (await app.direct("GET", path)).body,
    });
    expect((await app.request("GET", path)).status).toBe(200);
  });
});

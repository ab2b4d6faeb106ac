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

/** A call as Fission's router makes it with `relativeurl`: the path is in headers. */
async function call(functionName: string, headers: Record<string, string>) {
  const authorization = `Bearer ${app.tokens.admin}`;
  const { status, body } = await app.fission.call(functionName, "GET", "/", { authorization, ...headers });
  return { status, body: JSON.parse(body.toString()) };
}

const fullUrl = "X-Fission-Full-Url";
const storageId = "X-Fission-Params-Storageid";

describe("a path that comes in headers", () => {
  test("is that of the client, with every parameter that its route declares", async () => {
    const told = await call("eom-storage", { [fullUrl]: `${storages}/${id}`, [storageId]: id });
    expect(told).toMatchObject({ status: 200, body: { id } });
  });

  test.each<[string, () => Record<string, string>, string]>([
    ["without a parameter", () => ({ [fullUrl]: `${storages}/${id}` }), "/X-Fission-Params-StorageId"],
    ["with an empty one", () => ({ [fullUrl]: `${storages}/${id}`, [storageId]: "" }), "/X-Fission-Params-StorageId"],
    ["without the path", () => ({ [storageId]: id }), "/X-Fission-Full-Url"],
    [
      "with two that disagree",
      () => ({ [fullUrl]: `${storages}/${id}`, [storageId]: "another" }),
      "/X-Fission-Params-StorageId",
    ],
  ])("%s is refused, with the header's name", async (_what, toHeaders, path) => {
    const told = await call("eom-storage", toHeaders());
    expect(told).toMatchObject({
      status: 400,
      body: { error_code: "VALIDATION_ERROR", details: { issues: [{ path }] } },
    });
  });

  test("is refused when a client has a parameter removed on the way", async () => {
    const headers = { connection: storageId };
    expect(await app.request("GET", `${storages}/${id}`, undefined, { headers })).toMatchObject({
      status: 400,
      body: { error_code: "VALIDATION_ERROR" },
    });
  });

  test("takes nothing from a parameter that its route does not declare", async () => {
    const told = await call("eom-storage", { [fullUrl]: storages, [storageId]: id, "X-Fission-Params-Userid": "1" });
    expect(told).toEqual({ status: 200, body: (await app.direct("GET", storages)).body });
    expect(told.body.total).toBe(1);
  });

  test("may have a name in any alphabet, in the path as it is written and in the header as it is", async () => {
    const path = `/eom/admin/users/${encodeURIComponent("zoë 東京")}/quotas`;
    const headers = { [fullUrl]: path, "X-Fission-Params-Userid": "zoë 東京" };
    expect(await call("eom-quota", headers)).toEqual({
      status: 200,
      body: (await app.direct("GET", path)).body,
    });
    expect((await app.request("GET", path)).status).toBe(200);
  });
});

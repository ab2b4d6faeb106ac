import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storages } from "../../contract/described.ts";
import { createStorage } from "../../contract/provocations.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres");
});
afterAll(() => app.close());

const list = (query: string) => app.request("GET", `${storages}?${query}`);
const issuePaths = (told: { body: { details: { issues: { path: string }[] } } }) =>
  told.body.details.issues.map(({ path }) => path).sort();

describe("issues", () => {
  test("of path, query and body are told all at once, each by its place", async () => {
    const told = await app.request("PUT", `${storages}/${randomUUID()}?verify=maybe&surprise=1`, {
      name: "",
      enable: "yes",
      labels: { "a/b~c": 1, "!": "x" },
      resource: { endpoint: 5, bucket: "B", unknown: 1, credential: { secret_access_key: 5 } },
      collection_ids: ["x", randomUUID(), 5],
      extra: null,
    });
    expect(told).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(issuePaths(told)).toEqual(
      expect.arrayContaining([
        "/verify",
        "/surprise",
        "/name",
        "/enable",
        "/labels/a~1b~0c",
        "/labels/!",
        "/resource/endpoint",
        "/resource/bucket",
        "/resource/unknown",
        "/resource/credential/secret_access_key",
        "/collection_ids/0",
        "/collection_ids/2",
        "/extra",
      ]),
    );
  });

  test("of the path stand beside those of the query", async () => {
    const told = await app.request("PUT", `${storages}/${randomUUID()}/collections/nonsense?x=1`);
    expect(issuePaths(told)).toEqual(["/CollectionId", "/x"]);
  });

  test("of what cannot be kept stand beside those of the query", async () => {
    const told = await app.request("POST", `${storages}?surprise=1`, { name: "a\u0000" });
    expect(issuePaths(told)).toEqual(expect.arrayContaining(["/name", "/surprise"]));
  });
});

describe("query parameters", () => {
  test("that are unknown are named", async () => {
    expect(issuePaths(await list("nope=1&filter%5Bnope%5D=2&filter=3&__proto__=4&constructor=5"))).toEqual(
      ["/__proto__", "/constructor", "/filter", "/filter[nope]", "/nope"].sort(),
    );
  });

  test("are not taken as filter[…] when they are no filters", async () => {
    expect(issuePaths(await list("filter%5Bsize%5D=3"))).toEqual(["/filter[size]"]);
  });

  test("mean the same bare and as filter[…], and both together are a list", async () => {
    const [one, other] = [await createStorage(app), await createStorage(app)];
    await createStorage(app);
    const bare = await list(`ids=${one.id}&ids=${other.id}`);
    expect(bare.body.total).toBe(2);
    for (const query of [
      `filter[ids]=${one.id}&filter[ids]=${other.id}`,
      `filter%5Bids%5D=${one.id}&ids=${other.id}`,
    ]) {
      expect((await list(query)).body.data).toEqual(bare.body.data);
    }
  });

  test("that are no lists may be given once", async () => {
    for (const query of [
      "size=1&size=2",
      "created_from=2026-01-01T00:00:00Z&filter[created_from]=2026-01-01T00:00:00Z",
    ]) {
      expect(await list(query)).toMatchObject({ status: 400, body: { details: { issues: [{ code: "repeated" }] } } });
    }
  });

  test("are ANDed over fields and ORed within one", async () => {
    const one = await createStorage(app, { labels: { team: "eu" }, enable: true });
    const other = await createStorage(app, { labels: { team: "us" }, enable: false });
    expect((await list("label=team:eu&label=team:us")).body.total).toBe(2);
    expect((await list("label=team:eu&label=team:us&enable=false")).body.data).toMatchObject([{ id: other.id }]);
    expect((await list(`label=team:eu&ids=${other.id}`)).body.total).toBe(0);
    expect((await list(`label=team:eu&enable=1&enable=0`)).body.data).toMatchObject([{ id: one.id }]);
  });

  test.each([
    "size=0",
    "size=101",
    "size=-1",
    "size=1.5",
    "size=",
    "size=1e2",
    "page=-1",
    "page=99999999999999999999",
    "asc=yes",
    "asc=",
    "sortby=secret",
    "ids=1",
    "enable=maybe",
    "keyword=",
    "label=nocolon",
    "created_from=yesterday",
    "created_from=2026-01-01",
    "created_from=2026-02-30T00:00:00Z",
    "created_from=0000-01-01T00:00:00Z",
    "created_from=0001-01-01T00:00:00%2B23:59",
    "modified_to=9999-12-31T23:59:59-12:00",
    "cursor=x&page=1",
  ])("are refused by name when they are out of bounds: %s", async (query) => {
    const told = await list(query);
    expect(told).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    // Of a list, the path tells which value.
    expect(issuePaths(told).map((path) => path.replace(/\/0$/, ""))).toEqual([`/${query.split("=")[0]}`]);
  });

  test("are taken at their bounds", async () => {
    for (const query of [
      "size=1",
      "size=100",
      "page=10000000&size=100",
      "created_from=0001-01-01T00:00:00Z&created_to=9999-12-31T23:59:59.999Z",
      "created_from=2026-11-23T10:00:00.123456789%2B02:00",
    ]) {
      expect((await list(query)).status, query).toBe(200);
    }
  });
});

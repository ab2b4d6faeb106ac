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
const issuePaths = (answer: { body: { details: { issues: { path: string }[] } } }) =>
  answer.body.details.issues.map(({ path }) => path).sort();

describe("issues", () => {
  test("of path, query and body are listed all at once, each with its place", async () => {
    const answer = await app.request("PUT", `${storages}/${randomUUID()}?verify=maybe&surprise=1`, {
      name: "",
      enable: "yes",
      labels: { "a/b~c": 1, "!": "x" },
      resource: { endpoint: 5, bucket: "B", unknown: 1, credential: { secret_access_key: 5 } },
      collection_ids: ["x", randomUUID(), 5],
      extra: null,
    });
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(issuePaths(answer)).toEqual(
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

  test("of the path are listed beside issues of the query", async () => {
    const answer = await app.request("GET", "/eom/admin/users/%01/quotas?x=1");
    expect(issuePaths(answer)).toEqual(["/UserId", "/x"]);
  });

  test("of texts that cannot be stored are listed beside issues of the query", async () => {
    const answer = await app.request("POST", `${storages}?surprise=1`, { name: "a\u0000" });
    expect(issuePaths(answer)).toEqual(expect.arrayContaining(["/name", "/surprise"]));
  });
});

describe("query parameters", () => {
  test("are refused by name if they are unknown", async () => {
    expect(issuePaths(await list("nope=1&filter%5Bnope%5D=2&filter=3&__proto__=4&constructor=5"))).toEqual(
      ["/__proto__", "/constructor", "/filter", "/filter[nope]", "/nope"].sort(),
    );
  });

  test("are refused as filter[…] if they are no filters", async () => {
    expect(issuePaths(await list("filter%5Bsize%5D=3"))).toEqual(["/filter[size]"]);
  });

  test("mean the same bare and as filter[…], and together are a list", async () => {
    const [first, second] = [await createStorage(app), await createStorage(app)];
    await createStorage(app);
    const bare = await list(`ids=${first.id}&ids=${second.id}`);
    expect(bare.body.total).toBe(2);
    for (const query of [
      `filter[ids]=${first.id}&filter[ids]=${second.id}`,
      `filter%5Bids%5D=${first.id}&ids=${second.id}`,
    ]) {
      expect((await list(query)).body.data).toEqual(bare.body.data);
    }
  });

  test("are accepted once if they are no lists", async () => {
    for (const query of [
      "size=1&size=2",
      "created_from=2026-01-01T00:00:00Z&filter[created_from]=2026-01-01T00:00:00Z",
    ]) {
      expect(await list(query)).toMatchObject({ status: 400, body: { details: { issues: [{ code: "repeated" }] } } });
    }
  });

  test("match every field, and any value of a field", async () => {
    const european = await createStorage(app, { labels: { team: "eu" }, enable: true });
    const american = await createStorage(app, { labels: { team: "us" }, enable: false });
    expect((await list("label=team:eu&label=team:us")).body.total).toBe(2);
    expect((await list("label=team:eu&label=team:us&enable=false")).body.data).toMatchObject([{ id: american.id }]);
    expect((await list(`label=team:eu&ids=${american.id}`)).body.total).toBe(0);
    expect((await list(`label=team:eu&enable=1&enable=0`)).body.data).toMatchObject([{ id: european.id }]);
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
  ])("are refused by name if they are out of bounds: %s", async (query) => {
    const answer = await list(query);
    expect(answer).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    // The path into a list has the position of the value.
    expect(issuePaths(answer).map((path) => path.replace(/\/0$/, ""))).toEqual([`/${query.split("=")[0]}`]);
  });

  test("are accepted at their bounds", async () => {
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

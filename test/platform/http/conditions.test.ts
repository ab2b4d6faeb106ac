import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storages } from "../../contract/described.ts";
import { createStorage } from "../../contract/provocations.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp("postgres");
});
afterAll(() => app.close());

/** The storage is at version 1 each time. */
async function put(ifMatch: string) {
  const { id } = await createStorage(app);
  return app.request("PUT", `${storages}/${id}`, { description: "x" }, { headers: { "if-match": ifMatch } });
}

describe("If-Match", () => {
  test.each(["*", '"1"', '"7", "1"', '"nonsense","1"', ' "1" ', '"1",', ',, "1" ,\t, "7",', '"a,b","1"', '", ","1"'])(
    "lets a change through: %s",
    async (value) => {
      expect(await put(value)).toMatchObject({ status: 200, body: { version: 2 } });
    },
  );

  test.each(['"7"', 'W/"1"', '"01"', '""', '"nonsense"', '"99999999999999999999"', '"2", W/"1"', '",1,"', 'W/"1",'])(
    "refuses a change of another version, with the present version: %s",
    async (value) => {
      expect(await put(value)).toMatchObject({
        status: 412,
        body: { error_code: "PRECONDITION_FAILED", details: { version: 1 } },
      });
    },
  );

  test.each(["1", "nonsense", '"1', "", '"1" "2"', ",", '*, "1"', 'w/"1"', '"1"; "2"'])(
    "is refused if it is no list of entity tags: '%s'",
    async (value) => {
      expect(await put(value)).toMatchObject({ status: 400, body: { details: { issues: [{ path: "/If-Match" }] } } });
    },
  );

  test("lets exactly one of many changes through that come at once", async () => {
    const { id } = await createStorage(app);
    const answer = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        app.request("PUT", `${storages}/${id}`, { description: String(index) }, { headers: { "if-match": '"1"' } }),
      ),
    );
    expect(answer.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answer.filter(({ status }) => status === 412)).toHaveLength(19);
  });
});

describe("If-None-Match", () => {
  test.each(["*", '"1"', 'W/"1"', '"0", "1"', '"1",', ',"a,b" , W/"1"'])(
    "answers 304 without a body, with the tag: %s",
    async (value) => {
      const { id } = await createStorage(app);
      const answer = await app.request("GET", `${storages}/${id}`, undefined, { headers: { "if-none-match": value } });
      expect(answer).toMatchObject({ status: 304, body: "" });
      expect(answer.headers.get("etag")).toBe('"1"');
    },
  );

  test.each(['"2"', "nonsense", "", '",1,"', '"1" "2"'])(
    "answers 200 if the version is another: '%s'",
    async (value) => {
      const { id } = await createStorage(app);
      const answer = await app.request("GET", `${storages}/${id}`, undefined, { headers: { "if-none-match": value } });
      expect(answer.status).toBe(200);
    },
  );
});

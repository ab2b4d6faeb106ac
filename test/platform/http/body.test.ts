import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxBodyBytes } from "../../../src/platform/http/body.ts";
import { describeStorage, storages } from "../../contract/described.ts";
import { createTestApp, type TestApp } from "../../support/http/app.ts";
import { createAsk } from "../../support/http/ask.ts";

const path = `${storages}?verify=false`;

let app: TestApp;
let ask: Awaited<ReturnType<typeof createAsk>>;
beforeAll(async () => {
  app = await createTestApp("postgres");
  ask = await createAsk(app);
});
afterAll(() => app.close());

const post = (body: string, contentType = "application/json") =>
  app.request("POST", path, body, { headers: { "content-type": contentType } });

/** A body in pieces, so without a Content-Length. */
async function postInPieces(pieces: Iterable<Uint8Array>): Promise<{ status: number; error_code: string }> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, duplex: "half" };
  const response = await ask(path, { ...init, body: ReadableStream.from(pieces) } as RequestInit);
  const { error_code } = (await response.json()) as { error_code: string };
  return { status: response.status, error_code };
}

describe("a body that is too large", () => {
  test("is refused by its Content-Length before it is read", async () => {
    const answer = await app.request("POST", path, "{}", { headers: { "content-length": String(maxBodyBytes + 1) } });
    expect(answer).toMatchObject({ status: 413, body: { details: { limit: maxBodyBytes } } });
  });

  test("is refused without a Content-Length as soon as it is over the limit", async () => {
    let taken = 0;
    const endless = (function* () {
      for (;;) {
        taken += 1;
        yield new Uint8Array(maxBodyBytes / 8).fill(32);
      }
    })();
    expect(await postInPieces(endless)).toEqual({ status: 413, error_code: "PAYLOAD_TOO_LARGE" });
    expect(taken).toBeLessThan(20);
  });

  test("may come in pieces, cut within a character, if it is small enough", async () => {
    const bytes = Buffer.from(JSON.stringify({ name: "ä€😀" }));
    const pieces = [...bytes].map((byte) => new Uint8Array([byte]));
    expect(await postInPieces(pieces)).toEqual({ status: 400, error_code: "VALIDATION_ERROR" });
  });

  test("may have exactly the bytes of the limit", async () => {
    const blanks = " ".repeat(maxBodyBytes - JSON.stringify(describeStorage()).length);
    expect((await post(JSON.stringify(describeStorage()) + blanks)).status).toBe(201);
  });
});

describe("a body that is not JSON", () => {
  test.each([
    ["nothing", ""],
    ["blanks", " \n"],
    ["an end too soon", '{"name": '],
    ["a wrong word", '{"name": hunter2hunter2}'],
    ["an unquoted secret", '{"secret_access_key": hunter2}'],
    ["two values", "{} {}"],
    ["a single quote", "{'a': 1}"],
  ])("is refused without being quoted: %s", async (_what, body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error_code: "MALFORMED_JSON", details: { issues: [{ path: "", code: "malformed_json" }] } },
    });
    expect(JSON.stringify(answer.body)).not.toContain("hunter2");
  });

  test("is refused with the position of the fault, or as ending too soon", async () => {
    expect((await post('{"name": ')).body.error_msg).toMatch(/ends before/);
    expect((await post('{"name": tru}')).body.error_msg).not.toMatch(/ends before/);
  });

  test("is refused if it is not UTF-8", async () => {
    const body = Buffer.from('{"name": "\xe4"}', "latin1");
    const response = await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(await response.json()).toMatchObject({ error_code: "MALFORMED_JSON" });
  });
});

describe("the media type of a body", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    'Application/JSON;charset="UTF-8"',
    "application/merge-patch+json",
  ])("may be %s", async (type) => {
    expect((await post(JSON.stringify(describeStorage()), type)).status).toBe(201);
  });

  test.each([
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
    "application/jsonx",
    "multipart/form-data; boundary=x",
  ])("must not be '%s'", async (type) => {
    const answer = await post("{}", type);
    expect(answer).toMatchObject({
      status: 415,
      body: { error_code: "UNSUPPORTED_MEDIA_TYPE", details: { supported: ["application/json"] } },
    });
  });
});

describe("text that PostgreSQL cannot store", () => {
  test("is refused with its place: NUL and half surrogate pairs, in values and in names", async () => {
    const answer = await post(
      '{"name": "a\\u0000b", "description": "\\ud800", "labels": {"a\\u0000": "x", "b": "\\udc00x"}, "resource": {"type": "s3"}}',
    );
    expect(answer.status).toBe(400);
    const paths = answer.body.details.issues.map((issue: { path: string }) => issue.path);
    expect(paths).toEqual(expect.arrayContaining(["/name", "/description", "/labels/b", "/labels/a\u0000"]));
  });

  test("is refused in the query too, in values and in names", async () => {
    for (const query of ["keyword=a%00b", "filter%5Bkeyword%5D=%00", "label=a:%00", "%00=1", "sortby=%00"]) {
      expect(await app.request("GET", `${storages}?${query}`), query).toMatchObject({
        status: 400,
        body: { error_code: "VALIDATION_ERROR" },
      });
    }
  });

  test("causes no 500 in a path", async () => {
    for (const id of ["%00", "a%00b", "%ED%A0%80", "%", "%ZZ", "..%2f..", "%2e%2e", "😀", "x".repeat(5000)]) {
      const { status, body } = await app.request("GET", `${storages}/${id}`);
      expect(status, id).toBe(404);
      expect(["STORAGE_NOT_FOUND", "ROUTE_NOT_FOUND"], id).toContain(body.error_code);
    }
  });
});

describe("a deep or tricky body", () => {
  test("is refused if it is nested deeper than 32 levels, however deep", async () => {
    for (const depth of [33, 1000, 200_000]) {
      const answer = await post(`{"labels": ${"[".repeat(depth)}${"]".repeat(depth)}}`);
      expect(answer, String(depth)).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
      expect(answer.body.details.issues).toEqual(
        expect.arrayContaining([expect.objectContaining({ code: "too_deep" })]),
      );
    }
  });

  test.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])(
    "is refused if it has the unknown field %s, and changes no prototype",
    async (field) => {
      const answer = await post(
        `{"name": "x", "${field}": {"polluted": true}, "resource": {"${field}": {"polluted": true}}}`,
      );
      expect(answer.status).toBe(400);
      const unknown = answer.body.details.issues.filter(
        (issue: { code: string }) => issue.code === "unrecognized_keys",
      );
      expect(unknown.map((issue: { path: string }) => issue.path).toSorted()).toEqual(
        [`/${field}`, `/resource/${field}`].toSorted(),
      );
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    },
  );

  test("is refused if it has a label named __proto__, which would be lost", async () => {
    const answer = await post(JSON.stringify(describeStorage()).replace("{", '{"labels": {"__proto__": "x"},'));
    expect(answer.status).toBe(400);
  });

  test.each(["null", "[]", "1", '"text"', "true"])("is refused if it is no object: %s", async (body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxBodyBytes } from "../../../src/platform/http/body.ts";
import { describeSchedule, describeStorage, schedules, storages } from "../../contract/described.ts";
import { quotas } from "../../contract/provocations.ts";
import { createTestApp, isThroughFunctions, type TestApp } from "../../support/http/app.ts";
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
    "application/json;",
    "application/json ; ; charset=utf-8",
    "application/json; version=1; charset=utf8",
    'application/json; profile="a;b"',
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
    "application/json, text/plain",
    "json",
  ])("must not be '%s'", async (type) => {
    const answer = await post("{}", type);
    expect(answer).toMatchObject({
      status: 415,
      body: { error_code: "UNSUPPORTED_MEDIA_TYPE", details: { supported: ["application/json"] } },
    });
  });
});

test("a body with a Content-Encoding is refused", async () => {
  // The environment of a function inflates the body before EOM gets it.
  if (isThroughFunctions) return;
  const headers = { "content-encoding": "gzip" };
  expect((await app.request("POST", path, "{}", { headers })).status).toBe(415);
});

describe("a number", () => {
  const post = (limit: string) =>
    app.request("POST", quotas, `{"name": "${randomUUID()}", "type": "MaxSize", "value": {"max_size": ${limit}}}`);

  // Express parses the bodies of functions.
  test
    .skipIf(isThroughFunctions)
    .each([
      "9007199254740991.4",
      "1.0000000000000000001",
      "1e-400",
      "9007199254740992",
      "9007199254740993",
      "1e400",
      "10000000000000000001e-19",
      "0.5",
      "1e16",
    ])("is refused where an integer is wanted, if its text is none or is too large: %s", async (limit) => {
    const answer = await post(limit);
    expect(answer.status).toBe(400);
    const paths = answer.body.details.issues.map((issue: { path: string }) => issue.path);
    expect(new Set(paths)).toEqual(new Set(["/value/max_size"]));
  });

  test.each([
    ["9007199254740991", 2 ** 53 - 1],
    ["1.0", 1],
    ["1.50e2", 150],
    ["100e-2", 1],
    ["0e5", 0],
    ['"9007199254740991"', 2 ** 53 - 1],
  ])("is accepted as the integer that its text means: %s", async (limit, value) => {
    expect(await post(limit)).toMatchObject({ status: 201, body: { value: { max_size: value } } });
  });

  test.skipIf(isThroughFunctions)(
    "of free content is refused at its place, if it is an integer that would be rounded",
    async () => {
      const params = '{"config": [{"id": 12345678901234567890, "share": 0.1, "rate": 1e300}]}';
      const rest = JSON.stringify(describeSchedule({ kind: 1, job: { name: "x" }, params: undefined }));
      const answer = await app.request("POST", schedules, rest.replace("{", `{"params": ${params},`));
      const refused = answer.body.details.issues.filter((issue: { code: string }) => issue.code === "invalid_number");
      expect(refused.map((issue: { path: string }) => issue.path)).toEqual(["/params/config/0/id"]);
    },
  );
});

describe("a body of many values", () => {
  const toKeys = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1])));

  test.each([
    ["members", toKeys(90_000)],
    ["elements", `[${"1,".repeat(500_000)}1]`],
    ["no JSON", ",".repeat(900_000)],
  ])("is refused before it is parsed, with a short answer: %s", async (_what, body) => {
    const response = await ask(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ http_status: 400, details: { issues: [{ path: "", code: "too_many" }] } });
    expect(text.length).toBeLessThan(1_000);
  });

  test("lists the first 100 issues, and says how many there are", async () => {
    const { body } = await post(toKeys(5_000));
    expect(body.details.issues).toHaveLength(100);
    // With the two fields that are missing.
    expect(body.details.total_issues).toBe(5_002);
    expect(body.error_msg).toContain("5001 more");
  });

  test("may have separators in its texts", async () => {
    const description = `\\",{}[]`.repeat(500);
    expect((await post(JSON.stringify(describeStorage({ description })))).status).toBe(201);
  });
});

describe("an operation that takes no body", () => {
  const trigger = `${schedules}/${randomUUID()}/trigger`;

  test.each([undefined, "", " ", "{}", "\n{ }"])("is carried out with an empty one: '%s'", async (body) => {
    for (const type of ["application/json", "application/x-www-form-urlencoded"])
      expect(await app.request("POST", trigger, body, { headers: { "content-type": type } })).toMatchObject({
        status: 404,
        body: { error_code: "SCHEDULE_NOT_FOUND" },
      });
  });

  test("refuses any other, and names its fields", async () => {
    const answer = await app.request("POST", trigger, { params: { a: 1 } });
    expect(answer).toMatchObject({
      status: 400,
      body: { details: { issues: [{ path: "/params" }], total_issues: 1 } },
    });
    for (const body of ["[]", "null", "1", '{"": 1}'])
      expect(await app.request("POST", trigger, body), body).toMatchObject({
        status: 400,
        body: { error_code: "VALIDATION_ERROR" },
      });
    for (const [method, url] of [
      ["POST", trigger],
      ["DELETE", `${storages}/${randomUUID()}`],
    ] as const)
      expect(await app.request(method, url, "no json", { headers: { "content-type": "text/plain" } })).toMatchObject({
        status: 400,
        body: { error_code: "MALFORMED_JSON" },
      });
  });

  test("is every one whose fields are all optional", async () => {
    const url = `${schedules}/${randomUUID()}`;
    for (const [method, path] of [
      ["POST", `${url}/enable`],
      ["POST", `${url}/disable`],
      ["PUT", url],
    ] as const)
      for (const body of [undefined, "", "{}"])
        expect(await app.request(method, path, body), `${method} ${path}`).toMatchObject({
          status: 404,
          body: { error_code: "SCHEDULE_NOT_FOUND" },
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

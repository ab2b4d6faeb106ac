import { expect } from "vitest";
import { inventoryStorage } from "../../src/storages/s3/inventory.ts";
import cases from "../cases/storages-s3.json" with { type: "json" };
import { storages as path } from "../contract/described.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { type S3Exchange, send, sendError, sendListing } from "../support/s3/misbehaving-s3.ts";
import { credential, type Servers, test as s3Test, settings, toLocation } from "./s3/fixtures.ts";

/*
 * The table of odd inputs in ../cases/storages-s3.json, one test a row: each row says what came in, and the right result.
 */

const test = s3Test.extend<{ readonly app: TestApp }>({
  app: [
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of a fixture's needs from its first parameter.
    async ({}, use) => {
      const app = await createTestApp("embedded");
      await use(app);
      await app.close();
    },
    { scope: "file" },
  ],
});

interface Tools extends Servers {
  readonly app: TestApp;
}

/** The resource of a storage at this server, with these changes. */
function toResource({ port }: { readonly port: number }, changes: Record<string, unknown> = {}) {
  return {
    type: "s3",
    endpoint: `http://127.0.0.1:${port}`,
    bucket: "scenes",
    prefix: "2026/",
    credential,
    ...changes,
  };
}

async function verify(app: TestApp, resource: Record<string, unknown>) {
  return app.request("POST", `${path}/verify`, { resource });
}

/** Verifies, creates, and creates without a verification: all refuse the resource at this field, and send no request. */
async function expectRefused({ app, startS3 }: Tools, pointer: string, changes: Record<string, unknown>) {
  const server = await startS3();
  const resource = toResource(server, changes);
  const answers = [
    await verify(app, resource),
    await app.request("POST", path, { name: "refused", resource }),
    await app.request("POST", `${path}?verify=false`, { name: "refused", resource }),
  ];
  for (const { status, body } of answers) {
    expect({ status, body }).toMatchObject({ status: 400, body: { error_code: "VALIDATION_ERROR" } });
    expect(body.details.issues.map((issue: { readonly path: string }) => issue.path)).toEqual([pointer]);
  }
  expect(server.requests).toEqual([]);
}

/** Counts a storage whose server answers every page like this. @returns the number of requests, and the error */
async function count({ startS3 }: Tools, answer: (exchange: S3Exchange, request: number) => void) {
  let requests = 0;
  const server = await startS3({
    LIST: (exchange) => {
      requests += 1;
      answer(exchange, requests);
    },
  });
  const error = await inventoryStorage(toLocation(server, { prefix: "2026/" }), credential, settings).then(
    (inventory) => ({ inventory }),
    (thrown: unknown) => thrown,
  );
  return { requests, error };
}

const runs: Record<string, (tools: Tools) => Promise<void>> = {
  "s3-lock": async ({ app, startS3 }) => {
    const server = await startS3({
      WRITE: (exchange) => {
        const names = Object.keys(exchange.request.headers);
        if (!names.some((name) => name === "content-md5" || name.startsWith("x-amz-checksum-"))) {
          return sendError(400, "InvalidRequest")(exchange);
        }
        exchange.objects.set(exchange.key, exchange.body);
        exchange.response.writeHead(200, { etag: '"0"' }).end();
      },
    });
    const { body } = await verify(app, toResource(server));
    expect(body.checks[1]).toMatchObject({ check: "WRITE", status: "PASS" });
  },
  "s3-key-newline": (tools) =>
    expectRefused(tools, "/resource/credential/access_key_id", {
      credential: { ...credential, access_key_id: "AKIA\n" },
    }),
  "s3-fips": (tools) => expectRefused(tools, "/resource/region", { region: "fips-us-east-1" }),
  "s3-token-unicode": async (tools) => {
    const refuse = (field: string, value: string) =>
      expectRefused(tools, `/resource/credential/${field}`, { credential: { ...credential, [field]: value } });
    await refuse("session_token", "tok\n");
    await refuse("session_token", "tök€");
    await refuse("access_key_id", "AKIA\u200b");
  },
  "inv-cycle": async (tools) => {
    const { requests, error } = await count(tools, (exchange, request) =>
      sendListing([{ key: "2026/a", size: 1 }], { next: request % 2 === 1 ? "A" : "B" })(exchange),
    );
    expect(error).toMatchObject({ reason: "unexpected_answer" });
    expect(requests).toBeLessThan(5);
  },
  "inv-prefix": async (tools) => {
    const { error } = await count(tools, (exchange) =>
      sendListing([
        { key: "2026/a", size: 1 },
        { key: "2026x", size: 1 },
        { key: "other/x", size: 1 },
      ])(exchange),
    );
    expect(error).toMatchObject({ reason: "unexpected_answer" });
  },
  "inv-empty": async (tools) => {
    const { requests, error } = await count(tools, (exchange, request) =>
      sendListing([], { next: `page-${request}` })(exchange),
    );
    expect(error).toMatchObject({ reason: "unexpected_answer" });
    expect(requests).toBeLessThan(1_000);
  },
  "xml-empty-contents": async ({ app, startS3 }) => {
    const xml = `<ListBucketResult><Name>scenes</Name>${"<Contents/>".repeat(690_000)}</ListBucketResult>`;
    const server = await startS3({ LIST: send(200, "application/xml", xml) });
    const before = process.cpuUsage();
    const { body } = await verify(app, toResource(server));
    const { user } = process.cpuUsage(before);
    expect(body.checks[0]).toMatchObject({ check: "LIST", status: "FAIL", reason: "response_too_large" });
    expect(user / 1000, "milliseconds of CPU time, of which the server of the test has most").toBeLessThan(500);
  },
};

test("every row of the table has a test", () => {
  expect(Object.keys(runs).sort()).toEqual(cases.map(({ id }) => id).sort());
});

test.for(cases)("$id: $kind", async ({ id }, { app, startS3, startRaw }) => {
  await runs[id]?.({ app, startS3, startRaw });
});

import { createHash } from "node:crypto";
import { getEventListeners } from "node:events";
import { expect } from "vitest";
import type { ProbeSettings } from "../../../src/storages/s3/attempt.ts";
import type { S3Location } from "../../../src/storages/s3/location.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import type { VerificationReport } from "../../../src/storages/s3/report.ts";
import {
  always,
  bucket,
  hang,
  type MisbehavingS3,
  reset,
  send,
  sendError,
  sendListing,
  stall,
} from "../../support/s3/misbehaving-s3.ts";
import { createCertificate } from "./certificates.ts";
import { credential, settings, test, toLocation } from "./fixtures.ts";

/** For a probe whose server falls silent. A request has a half of it, the removal at the end less than a sixth. */
const budgetMilliseconds = 4_000;

/** The delay that a busy machine may add to a time limit. */
const slackMilliseconds = 2_000;

const denied = sendError(403, "AccessDenied");

function probe(
  server: MisbehavingS3,
  location: Partial<S3Location> = {},
  changes: Partial<ProbeSettings> = {},
): Promise<VerificationReport> {
  return probeStorage(toLocation(server, location), credential, { ...settings, ...changes });
}

function summarise({ status, checks }: VerificationReport): string[] {
  return [status, ...checks.map((check) => [check.check, check.status, check.reason ?? ""].join(" ").trim())];
}

test("all four checks pass on a correct server, and no object stays", async ({ startS3 }) => {
  const server = await startS3();
  const report = await probe(server);
  expect(summarise(report)).toEqual(["PASS", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE PASS"]);
  expect(report.checks.map(({ http_status, hint }) => [http_status, hint])).toEqual([
    [200, null],
    [200, null],
    [200, null],
    [204, null],
  ]);
  expect(server.objects.size).toBe(0);
});

test("the probe object lies below the prefix, under a name of its own each time", async ({ startS3 }) => {
  const server = await startS3();
  await probe(server);
  await probe(server);
  const written = server.requests.map(({ line }) => line).filter((line) => line.startsWith("PUT"));
  expect(new Set(written).size).toBe(2);
  for (const line of written) expect(line).toMatch(/^PUT \/scenes\/in\/\.eom-probe\/[0-9a-f-]{36}\?/);
});

test("a certificate signed by the storage's own authority is trusted", async ({ startS3 }) => {
  const authority = createCertificate({ names: [] });
  const server = await startS3({}, { tls: createCertificate({ names: ["127.0.0.1"], authority }) });
  const location = { endpoint: `https://127.0.0.1:${server.port}`, ca_certificate: authority.cert };
  expect((await probe(server, location)).status).toBe("PASS");
});

test("a credential without any permission fails at WRITE, and the report has the warning of LIST too", async ({
  startS3,
}) => {
  const report = await probe(await startS3(always(denied)));
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST WARN access_denied",
    "WRITE FAIL access_denied",
    "READ SKIP not_reached",
    "DELETE SKIP not_reached",
  ]);
  expect(report.checks[1]?.hint).toContain("may not write objects in the bucket scenes");
});

test("a refused write is followed by no read and no delete", async ({ startS3 }) => {
  const server = await startS3({ WRITE: denied });
  const report = await probe(server);
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL access_denied"]);
  expect(server.requests.map(({ line }) => line.split(" ")[0])).toEqual(["GET", "PUT"]);
});

test("a credential that may write and delete, but neither list nor read, is a WARN", async ({ startS3 }) => {
  const server = await startS3({ LIST: denied, READ: denied });
  expect(summarise(await probe(server))).toEqual([
    "WARN",
    "LIST WARN access_denied",
    "WRITE PASS",
    "READ WARN access_denied",
    "DELETE PASS",
  ]);
  expect(server.objects.size).toBe(0);
});

test("a denied READ after a permitted LIST fails, and the probe object is removed", async ({ startS3 }) => {
  const server = await startS3({ READ: denied });
  expect(summarise(await probe(server))).toEqual([
    "FAIL",
    "LIST PASS",
    "WRITE PASS",
    "READ FAIL access_denied",
    "DELETE SKIP not_reached",
  ]);
  expect(server.objects.size).toBe(0);
});

test.for(["x".repeat(31), "x".repeat(32), "x".repeat(10_000), ""])(
  "a read that returns other bytes fails, and the probe object is removed (%#)",
  async (content, { startS3 }) => {
    const server = await startS3({ READ: send(200, "application/octet-stream", content) });
    expect(summarise(await probe(server)).slice(0, 4)).toEqual([
      "FAIL",
      "LIST PASS",
      "WRITE PASS",
      "READ FAIL content_mismatch",
    ]);
    expect(server.objects.size).toBe(0);
  },
);

test("a denied DELETE is a WARN that names the object left behind", async ({ startS3 }) => {
  const server = await startS3({ DELETE: denied });
  const report = await probe(server);
  expect(summarise(report)).toEqual(["WARN", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE WARN access_denied"]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("a DELETE that fails otherwise is a FAIL that names the object left behind", async ({ startS3 }) => {
  const server = await startS3({ DELETE: sendError(500, "InternalError") });
  const report = await probe(server);
  expect(summarise(report)).toEqual(["FAIL", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE FAIL server_error"]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("an object that cannot be removed after another failure is reported as a WARN", async ({ startS3 }) => {
  const server = await startS3({ READ: denied, DELETE: denied });
  const report = await probe(server);
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST PASS",
    "WRITE PASS",
    "READ FAIL access_denied",
    "DELETE WARN access_denied",
  ]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("a DELETE that leaves a version behind passes with a hint", async ({ startS3 }) => {
  const server = await startS3({
    DELETE: ({ response }) => response.writeHead(204, { "x-amz-delete-marker": "true", "x-amz-version-id": "7" }).end(),
  });
  const report = await probe(server);
  expect(report.status).toBe("PASS");
  expect(report.checks[3]?.hint).toContain("versions");
});

test("a WRITE that is answered with a web page fails", async ({ startS3 }) => {
  const report = await probe(await startS3({ WRITE: send(200, "text/html", "<html></html>") }));
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL not_s3"]);
});

test("an object is removed within the budget when its WRITE was stored but never answered", async ({ startS3 }) => {
  const server = await startS3({ WRITE: ({ key, body, objects }) => void objects.set(key, body) });
  const began = performance.now();
  const report = await probe(server, {}, { budgetMilliseconds });
  expect(performance.now() - began).toBeLessThan(budgetMilliseconds + slackMilliseconds);
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL request_timeout"]);
  expect(server.objects.size).toBe(0);
});

test.for([
  ["READ", hang, "request_timeout"],
  ["READ", reset, "connection_reset"],
  // Uses up the time for checks; the time for the removal is left.
  ["READ", stall, "request_timeout"],
] as const)(
  "a probe whose %s breaks on the wire removes its object, within the budget (%#)",
  async ([operation, answer, reason], { startS3 }) => {
    const server = await startS3({ [operation]: answer });
    const began = performance.now();
    const report = await probe(server, {}, { budgetMilliseconds });
    expect(performance.now() - began).toBeLessThan(budgetMilliseconds + slackMilliseconds);
    expect(summarise(report)).toEqual([
      "FAIL",
      "LIST PASS",
      "WRITE PASS",
      `READ FAIL ${reason}`,
      "DELETE SKIP not_reached",
    ]);
    expect(server.objects.size).toBe(0);
  },
);

test("a request that is never answered costs half of the budget", async ({ startS3 }) => {
  const report = await probe(await startS3({ LIST: hang }), {}, { budgetMilliseconds: 2 * budgetMilliseconds });
  expect(report.checks[0]).toMatchObject({ status: "FAIL", reason: "request_timeout" });
  // All checks together have 85 hundredths of the budget; the rest is for the removal.
  expect(report.checks[0]?.duration_ms).toBeLessThan(2 * budgetMilliseconds * 0.85);
});

test("a DELETE that hangs ends with the budget", async ({ startS3 }) => {
  const server = await startS3({ DELETE: hang });
  const began = performance.now();
  const report = await probe(server, {}, { budgetMilliseconds });
  expect(performance.now() - began).toBeLessThan(budgetMilliseconds + slackMilliseconds);
  expect(summarise(report).slice(3)).toEqual(["READ PASS", "DELETE FAIL request_timeout"]);
});

test("a caller that gives up gets its own reason, after the probe object is removed", async ({ startS3 }) => {
  const server = await startS3({ READ: hang });
  const caller = new AbortController();
  const probing = probe(server, {}, { signal: caller.signal });
  await server.arrival("READ");
  expect(server.objects.size).toBe(1);
  caller.abort(new Error("the caller has gone"));
  await expect(probing).rejects.toThrow("the caller has gone");
  expect(server.objects.size).toBe(0);
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

test("a caller that gives up does not wait for a DELETE that hangs until the budget ends", async ({ startS3 }) => {
  const server = await startS3({ READ: hang, DELETE: hang });
  const caller = new AbortController();
  const probing = probe(server, {}, { signal: caller.signal, budgetMilliseconds });
  await server.arrival("READ");
  const began = performance.now();
  caller.abort(new Error("the caller has gone"));
  await expect(probing).rejects.toThrow("the caller has gone");
  // The removal has the time that is reserved for it, less than the half that another request has.
  expect(performance.now() - began).toBeLessThan(budgetMilliseconds / 2);
});

test("a caller that gave up before the probe causes no request", async ({ startS3 }) => {
  const server = await startS3();
  const signal = AbortSignal.abort(new Error("too late"));
  await expect(probe(server, {}, { signal })).rejects.toThrow("too late");
  expect(server.requests).toEqual([]);
});

test("a read-only storage is listed and read, never written", async ({ startS3 }) => {
  const server = await startS3();
  server.objects.set("in/a key with + and %20", Buffer.from("content"));
  const report = await probe(server, { read_only: true });
  expect(summarise(report)).toEqual([
    "PASS",
    "LIST PASS",
    "WRITE SKIP read_only",
    "READ PASS",
    "DELETE SKIP read_only",
  ]);
  expect(server.requests.map(({ line, headers }) => [line.split(" ")[0], headers.range])).toEqual([
    ["GET", undefined],
    ["GET", "bytes=0-0"],
  ]);
  expect(report.checks[2]?.http_status).toBe(206);
});

test("an empty object of a read-only storage can be read", async ({ startS3 }) => {
  const server = await startS3();
  server.objects.set("in/", Buffer.alloc(0));
  expect((await probe(server, { read_only: true })).status).toBe("PASS");
});

test("an empty read-only storage passes with nothing to read", async ({ startS3 }) => {
  expect(summarise(await probe(await startS3(), { read_only: true }))[3]).toBe("READ SKIP nothing_to_read");
});

test("a read-only storage whose first object is archived is a WARN", async ({ startS3 }) => {
  const server = await startS3({ READ: sendError(403, "InvalidObjectState") });
  server.objects.set("in/a", Buffer.from("content"));
  expect(summarise(await probe(server, { read_only: true }))).toContain("READ WARN object_archived");
});

test("a read-only storage that cannot be listed fails, because nothing else is checked", async ({ startS3 }) => {
  const report = await probe(await startS3({ LIST: denied }), { read_only: true });
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST FAIL access_denied",
    "WRITE SKIP read_only",
    "READ SKIP not_reached",
    "DELETE SKIP read_only",
  ]);
});

test("a list with keys outside the prefix fails", async ({ startS3 }) => {
  const xml = `<ListBucketResult><Name>${bucket}</Name><KeyCount>1</KeyCount><Contents><Key>out/x</Key><Size>1</Size></Contents></ListBucketResult>`;
  const report = await probe(await startS3({ LIST: send(200, "application/xml", xml) }), { read_only: true });
  expect(summarise(report)).toContain("LIST FAIL unexpected_answer");
});

test("a list whose entry has no size in digits fails", async ({ startS3 }) => {
  for (const size of ["-5", "1e3", undefined]) {
    const server = await startS3({ LIST: sendListing([{ key: "in/a", size }]) });
    expect(summarise(await probe(server, { read_only: true }))).toContain("LIST FAIL unexpected_answer");
  }
});

test("WRITE carries the MD5 of its bytes, as buckets with Object Lock require", async ({ startS3 }) => {
  let isRight = false;
  const server = await startS3({
    WRITE: ({ request, response, body }) => {
      isRight = request.headers["content-md5"] === createHash("md5").update(body).digest("base64");
      response.writeHead(200, { etag: '"0"' }).end();
    },
  });
  await probe(server);
  expect(isRight).toBe(true);
});

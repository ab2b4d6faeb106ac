import { getEventListeners } from "node:events";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import type { ProofSettings } from "../../../src/storages/s3/attempt.ts";
import type { S3Location } from "../../../src/storages/s3/location.ts";
import { proveStorage } from "../../../src/storages/s3/probe.ts";
import type { VerificationReport } from "../../../src/storages/s3/report.ts";
import {
  always,
  bucket,
  hang,
  type MisbehavingS3,
  type Misbehaviour,
  reset,
  send,
  sendError,
  stall,
  startMisbehavingS3,
} from "../../support/s3/misbehaving-s3.ts";
import { createCertificate } from "./certificates.ts";

const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });
const credential = { access_key_id: "AKIATEST", secret_access_key: "secret" };

/** For a proof whose server falls silent: half of it is for a request, less than a sixth for the removal at the end. */
const budgetMs = 4_000;

/** What a busy machine may add to a time limit. */
const slackMs = 2_000;

const denied = sendError(403, "AccessDenied");
const servers: MisbehavingS3[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(
  misbehaviour: Misbehaviour = {},
  tls?: Parameters<typeof startMisbehavingS3>[1],
): Promise<MisbehavingS3> {
  const server = await startMisbehavingS3(misbehaviour, tls);
  servers.push(server);
  return server;
}

function prove(
  { port }: MisbehavingS3,
  location: Partial<S3Location> = {},
  settings: Partial<ProofSettings> = {},
): Promise<VerificationReport> {
  const endpoint = `http://127.0.0.1:${port}`;
  const usual = {
    region: "us-east-1",
    bucket,
    prefix: "in/",
    path_style: true,
    read_only: false,
    ca_certificate: null,
  };
  return proveStorage({ endpoint, ...usual, ...location }, credential, { policy, clock: systemClock, ...settings });
}

function summarise({ status, checks }: VerificationReport): string[] {
  return [status, ...checks.map((check) => [check.check, check.status, check.reason ?? ""].join(" ").trim())];
}

test("all four checks pass on a server that behaves, and nothing stays behind", async () => {
  const server = await start();
  const report = await prove(server);
  expect(summarise(report)).toEqual(["PASS", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE PASS"]);
  expect(report.checks.map(({ http_status, hint }) => [http_status, hint])).toEqual([
    [200, null],
    [200, null],
    [200, null],
    [204, null],
  ]);
  expect(server.objects.size).toBe(0);
});

test("the probe object lies below the prefix, under a name of its own each time", async () => {
  const server = await start();
  await prove(server);
  await prove(server);
  const written = server.requests.map(({ line }) => line).filter((line) => line.startsWith("PUT"));
  expect(new Set(written).size).toBe(2);
  for (const line of written) expect(line).toMatch(/^PUT \/scenes\/in\/\.eom-probe\/[0-9a-f-]{36}\?/);
});

test("a server whose certificate is from the storage's own authority is trusted", async () => {
  const authority = createCertificate({ names: [] });
  const server = await start({}, createCertificate({ names: ["127.0.0.1"], authority }));
  const location = { endpoint: `https://127.0.0.1:${server.port}`, ca_certificate: authority.cert };
  expect((await prove(server, location)).status).toBe("PASS");
});

test("a credential that may do nothing fails at WRITE, and is told of LIST too", async () => {
  const report = await prove(await start(always(denied)));
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST WARN access_denied",
    "WRITE FAIL access_denied",
    "READ SKIP not_reached",
    "DELETE SKIP not_reached",
  ]);
  expect(report.checks[1]?.hint).toContain("may not write objects in the bucket scenes");
});

test("a refused write is followed by no read and no delete", async () => {
  const server = await start({ WRITE: denied });
  const report = await prove(server);
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL access_denied"]);
  expect(server.requests.map(({ line }) => line.split(" ")[0])).toEqual(["GET", "PUT"]);
});

test("a credential that may write and delete, but neither list nor read, is a WARN", async () => {
  const server = await start({ LIST: denied, READ: denied });
  expect(summarise(await prove(server))).toEqual([
    "WARN",
    "LIST WARN access_denied",
    "WRITE PASS",
    "READ WARN access_denied",
    "DELETE PASS",
  ]);
  expect(server.objects.size).toBe(0);
});

test("a read that is denied to who may list fails, and the probe object is removed", async () => {
  const server = await start({ READ: denied });
  expect(summarise(await prove(server))).toEqual([
    "FAIL",
    "LIST PASS",
    "WRITE PASS",
    "READ FAIL access_denied",
    "DELETE SKIP not_reached",
  ]);
  expect(server.objects.size).toBe(0);
});

test.each(["x".repeat(31), "x".repeat(32), "x".repeat(10_000), ""])(
  "a read that brings other bytes fails, and the probe object is removed (%#)",
  async (content) => {
    const server = await start({ READ: send(200, "application/octet-stream", content) });
    expect(summarise(await prove(server)).slice(0, 4)).toEqual([
      "FAIL",
      "LIST PASS",
      "WRITE PASS",
      "READ FAIL content_mismatch",
    ]);
    expect(server.objects.size).toBe(0);
  },
);

test("a delete that is denied is a WARN that names the object left behind", async () => {
  const server = await start({ DELETE: denied });
  const report = await prove(server);
  expect(summarise(report)).toEqual(["WARN", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE WARN access_denied"]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("a delete that fails otherwise is a FAIL that names the object left behind", async () => {
  const server = await start({ DELETE: sendError(500, "InternalError") });
  const report = await prove(server);
  expect(summarise(report)).toEqual(["FAIL", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE FAIL server_error"]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("an object that cannot be removed after another failure is told as a WARN", async () => {
  const server = await start({ READ: denied, DELETE: denied });
  const report = await prove(server);
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST PASS",
    "WRITE PASS",
    "READ FAIL access_denied",
    "DELETE WARN access_denied",
  ]);
  expect(report.checks[3]?.hint).toContain([...server.objects.keys()][0]);
});

test("a delete that leaves a version behind passes and says so", async () => {
  const server = await start({
    DELETE: ({ response }) => response.writeHead(204, { "x-amz-delete-marker": "true", "x-amz-version-id": "7" }).end(),
  });
  const report = await prove(server);
  expect(report.status).toBe("PASS");
  expect(report.checks[3]?.hint).toContain("versions");
});

test("a write that is answered with a web page fails", async () => {
  const report = await prove(await start({ WRITE: send(200, "text/html", "<html></html>") }));
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL not_s3"]);
});

test("an object whose write was taken but never answered is removed, in time", async () => {
  const server = await start({ WRITE: ({ key, body, objects }) => void objects.set(key, body) });
  const began = performance.now();
  const report = await prove(server, {}, { budgetMs });
  expect(performance.now() - began).toBeLessThan(budgetMs + slackMs);
  expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL request_timeout"]);
  expect(server.objects.size).toBe(0);
});

test.each([
  ["READ", hang, "request_timeout"],
  ["READ", reset, "connection_reset"],
  // Takes all the time there is for checks, and the object still has to go.
  ["READ", stall, "request_timeout"],
] as const)(
  "a proof whose %s goes wrong on the wire removes its object, in time (%#)",
  async (operation, answer, reason) => {
    const server = await start({ [operation]: answer });
    const began = performance.now();
    const report = await prove(server, {}, { budgetMs });
    expect(performance.now() - began).toBeLessThan(budgetMs + slackMs);
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

test("a request that is never answered costs half of the budget", async () => {
  const report = await prove(await start({ LIST: hang }), {}, { budgetMs });
  expect(report.checks[0]).toMatchObject({ status: "FAIL", reason: "request_timeout" });
  // More than half is left to the other checks but for a busy machine's delay: all of it would be 85 hundredths.
  expect(report.checks[0]?.duration_ms).toBeLessThan(budgetMs * 0.85);
});

test("a delete that hangs ends with the budget", async () => {
  const server = await start({ DELETE: hang });
  const began = performance.now();
  const report = await prove(server, {}, { budgetMs });
  expect(performance.now() - began).toBeLessThan(budgetMs + slackMs);
  expect(summarise(report).slice(3)).toEqual(["READ PASS", "DELETE FAIL request_timeout"]);
});

test("a caller who gives up gets its own reason, after the probe object is removed", async () => {
  const server = await start({ READ: hang });
  const caller = new AbortController();
  const proof = prove(server, {}, { signal: caller.signal });
  await server.arrival("READ");
  expect(server.objects.size).toBe(1);
  caller.abort(new Error("the caller has gone"));
  await expect(proof).rejects.toThrow("the caller has gone");
  expect(server.objects.size).toBe(0);
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

test("a caller who gives up does not wait long for a delete that hangs", async () => {
  const server = await start({ READ: hang, DELETE: hang });
  const caller = new AbortController();
  const proof = prove(server, {}, { signal: caller.signal, budgetMs });
  await server.arrival("READ");
  const began = performance.now();
  caller.abort(new Error("the caller has gone"));
  await expect(proof).rejects.toThrow("the caller has gone");
  // The time kept back for the removal, and not the half that any other request has.
  expect(performance.now() - began).toBeLessThan(budgetMs / 2);
});

test("a caller who gave up before the beginning causes no request", async () => {
  const server = await start();
  const signal = AbortSignal.abort(new Error("too late"));
  await expect(prove(server, {}, { signal })).rejects.toThrow("too late");
  expect(server.requests).toEqual([]);
});

test("a read-only storage is listed and read, and never written to", async () => {
  const server = await start();
  server.objects.set("in/a key with + and %20", Buffer.from("content"));
  const report = await prove(server, { read_only: true });
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

test("an empty object can be read of a read-only storage", async () => {
  const server = await start();
  server.objects.set("in/", Buffer.alloc(0));
  expect((await prove(server, { read_only: true })).status).toBe("PASS");
});

test("an empty read-only storage passes with nothing to read", async () => {
  expect(summarise(await prove(await start(), { read_only: true }))[3]).toBe("READ SKIP nothing_to_read");
});

test("a read-only storage whose first object is archived is a WARN", async () => {
  const server = await start({ READ: sendError(403, "InvalidObjectState") });
  server.objects.set("in/a", Buffer.from("content"));
  expect(summarise(await prove(server, { read_only: true }))).toContain("READ WARN object_archived");
});

test("a read-only storage that cannot be listed fails, for then nothing is proved", async () => {
  const report = await prove(await start({ LIST: denied }), { read_only: true });
  expect(summarise(report)).toEqual([
    "FAIL",
    "LIST FAIL access_denied",
    "WRITE SKIP read_only",
    "READ SKIP not_reached",
    "DELETE SKIP read_only",
  ]);
});

test("a server that lists keys outside the prefix is not believed", async () => {
  const xml = `<ListBucketResult><Name>${bucket}</Name><KeyCount>1</KeyCount><Contents><Key>out/x</Key><Size>1</Size></Contents></ListBucketResult>`;
  const report = await prove(await start({ LIST: send(200, "application/xml", xml) }), { read_only: true });
  expect(summarise(report)).toContain("LIST FAIL unexpected_answer");
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Lookup } from "../../../src/platform/egress/guard.ts";
import { type EgressPolicy, parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { createS3Connection, type S3Connection } from "../../../src/storages/s3/client.ts";
import type { S3Location } from "../../../src/storages/s3/location.ts";
import { proveStorage } from "../../../src/storages/s3/probe.ts";
import { quickRetry } from "../../../src/storages/s3/retry.ts";
import {
  bucket,
  type MisbehavingS3,
  type Misbehaviour,
  reset,
  sendError,
  startMisbehavingS3,
} from "../../support/s3/misbehaving-s3.ts";

const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });
const credential = { access_key_id: "AKIATEST", secret_access_key: "secret" };
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await Promise.all(cleanups.splice(0).map((cleanUp) => cleanUp()));
});

async function start(misbehaviour: Misbehaviour = {}): Promise<MisbehavingS3> {
  const server = await startMisbehavingS3(misbehaviour);
  cleanups.push(() => server.stop());
  return server;
}

function toLocation({ port }: MisbehavingS3): S3Location {
  const usual = { region: "eu-test-1", bucket, prefix: "", path_style: true, read_only: false, ca_certificate: null };
  return { endpoint: `http://127.0.0.1:${port}`, ...usual };
}

function connect(server: MisbehavingS3): S3Connection {
  const limits = { connectMs: 20_000, requestMs: 20_000 };
  const connection = createS3Connection(toLocation(server), credential, { policy, ...limits, retry: quickRetry });
  cleanups.push(() => connection.close());
  return connection;
}

async function poisonEnvironment(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "eom-aws-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const options = {
    region: "canary-region",
    endpoint_url: "http://127.0.0.1:1/canary",
    sdk_ua_app_id: "canary-app",
    aws_access_key_id: "canary-key",
    aws_secret_access_key: "canary-secret",
    request_checksum_calculation: "when_supported",
    use_dualstack_endpoint: "true",
    use_fips_endpoint: "true",
    auth_scheme_preference: "sigv4a",
    sigv4a_signing_region_set: "canary-set",
    max_attempts: "9",
    disable_clock_skew_correction: "true",
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  await writeFile(join(folder, "config"), `[default]\n${lines.join("\n")}\n`);
  for (const [name, value] of Object.entries(options)) {
    vi.stubEnv(name.toUpperCase().replace(/^(?!AWS_)/, "AWS_"), value);
  }
  vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "config"));
  vi.stubEnv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1/canary");
  vi.stubEnv("AWS_SESSION_TOKEN", "canary-token");
  vi.stubEnv("AWS_SDK_UA_APP_ID", "canary-app");
  vi.stubEnv("AWS_EXECUTION_ENV", "canary-execution");
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "canary-function");
  vi.stubEnv("_X_AMZN_TRACE_ID", "canary-trace");
}

/** Before the SDK is imported, for it keeps the functions that it finds then. */
const filesRead = await vi.hoisted(async () => {
  const { default: fs } = await import("node:fs/promises");
  const { syncBuiltinESMExports } = await import("node:module");
  const paths: string[] = [];
  const { readFile } = fs;
  fs.readFile = ((...args: Parameters<typeof readFile>) => {
    paths.push(String(args[0]));
    return readFile.apply(fs, args);
  }) as typeof readFile;
  syncBuiltinESMExports();
  return paths;
});

const volatile = /^(amz-sdk-invocation-id|x-amz-date|authorization|host)$/;

async function exchange(): Promise<unknown> {
  const server = await start();
  const { client } = connect(server);
  await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: "a", Body: "b" }));
  return server.requests.map(({ line, headers }) => ({
    line,
    scope: /Credential=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.replace(/\d{8}/, "DATE"),
    headers: Object.entries(headers).filter(([name]) => !volatile.test(name)),
  }));
}

test("requests are the same whatever AWS variables and files the machine has", async () => {
  const plain = await exchange();
  await poisonEnvironment();
  const poisoned = await exchange();
  expect(poisoned).toEqual(plain);
  expect(JSON.stringify(poisoned)).not.toContain("canary");
  expect(JSON.stringify(poisoned)).not.toMatch(/crc32|trailer|linux|node/i);
  expect(poisoned).toContainEqual(
    expect.objectContaining({ scope: "AKIATEST/DATE/eu-test-1/s3/aws4_request", line: "PUT /scenes/a?x-id=PutObject" }),
  );
});

test("no file of AWS is read", async () => {
  await exchange();
  expect(filesRead.filter((path) => /\.aws|eom-aws/.test(path))).toEqual([]);
});

test("the SDK writes nothing to the console", async () => {
  const written = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name));
  await exchange();
  await proveStorage(toLocation(await start({ LIST: () => {} })), credential, {
    policy,
    clock: systemClock,
    budgetMs: 500,
  });
  expect(written.flatMap((spy) => spy.mock.calls)).toEqual([]);
});

test("a server whose clock is an hour ahead is signed for by its clock, at the second try", async () => {
  const later = new Date(Date.now() + 3_600_000);
  const server = await start({
    LIST: (exchange) => {
      const { request, response } = exchange;
      const signed = String(request.headers["x-amz-date"]);
      const hour = later.toISOString().replace(/[-:]/g, "").slice(0, 11);
      if (!signed.startsWith(hour))
        return sendError(403, "RequestTimeTooSkewed", {}, { date: later.toUTCString() })(exchange);
      response.end(`<ListBucketResult><Name>${bucket}</Name></ListBucketResult>`);
    },
  });
  const report = await proveStorage({ ...toLocation(server), read_only: true }, credential, {
    policy,
    clock: systemClock,
  });
  expect(report.status).toBe("PASS");
  expect(server.requests).toHaveLength(2);
});

test("a connection that the server has closed is made again", async () => {
  let first = true;
  const server = await start({
    LIST: (exchange) => {
      if (!first) return void exchange.response.end(`<ListBucketResult><Name>${bucket}</Name></ListBucketResult>`);
      first = false;
      reset(exchange);
    },
  });
  const report = await proveStorage({ ...toLocation(server), read_only: true }, credential, {
    policy,
    clock: systemClock,
  });
  expect(report.status).toBe("PASS");
});

test("a proof does not knock again at a server that is overloaded", async () => {
  const server = await start({ LIST: sendError(503, "SlowDown", {}, { "retry-after": "60" }) });
  await proveStorage(toLocation(server), credential, { policy, clock: systemClock });
  expect(server.requests).toHaveLength(1);
});

test("without path style the bucket's own host is asked, and judged by the egress rules", async () => {
  const server = await start();
  const location = { ...toLocation(server), endpoint: `http://s3.example.org:${server.port}`, path_style: false };
  const names: string[] = [];
  const lookup: Lookup = async (name) => {
    names.push(name);
    return [{ address: "127.0.0.1", family: 4 }];
  };
  const prove = (rules: EgressPolicy) =>
    proveStorage({ ...location, read_only: true }, credential, { policy: rules, clock: systemClock, lookup });
  expect((await prove(policy)).status).toBe("PASS");
  expect(new Set(names)).toEqual(new Set(["scenes.s3.example.org"]));
  const denying = parseEgressPolicy({ allow: [], deny: [".s3.example.org"], loopback: true, infrastructure: [] });
  expect((await prove(denying)).checks[0]).toMatchObject({ reason: "endpoint_forbidden" });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, expect, onTestFinished, vi } from "vitest";
import type { Lookup } from "../../../src/platform/egress/guard.ts";
import { type EgressPolicy, parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { createS3Connection, type S3Connection } from "../../../src/storages/s3/client.ts";
import type { S3Credential } from "../../../src/storages/s3/location.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import { quickRetry } from "../../../src/storages/s3/retry.ts";
import { bucket, type MisbehavingS3, reset, sendError } from "../../support/s3/misbehaving-s3.ts";
import { credential, policy, settings, test, toLocation } from "./fixtures.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function connect(server: MisbehavingS3, as: S3Credential | null): S3Connection {
  const limits = { connectMilliseconds: 20_000, requestMilliseconds: 20_000 };
  const connection = createS3Connection(toLocation(server), as, { ...settings, ...limits, retry: quickRetry });
  onTestFinished(() => connection.close());
  return connection;
}

async function poisonEnvironment(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "eom-aws-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
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

/** Runs before the SDK is imported, because the SDK keeps the functions that it imports. */
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

async function exchange(server: MisbehavingS3, as: S3Credential | null = credential): Promise<unknown> {
  const { client } = connect(server, as);
  await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: "a", Body: "b" }));
  return server.requests.map(({ line, headers }) => ({
    line,
    scope: /Credential=([^,]+)/.exec(headers.authorization ?? "")?.[1]?.replace(/\d{8}/, "DATE"),
    headers: Object.entries(headers).filter(([name]) => !volatile.test(name)),
  }));
}

test("requests do not depend on the AWS variables and files of the machine", async ({ startS3 }) => {
  const plain = await exchange(await startS3());
  await poisonEnvironment();
  const poisoned = await exchange(await startS3());
  expect(poisoned).toEqual(plain);
  expect(JSON.stringify(poisoned)).not.toContain("canary");
  expect(JSON.stringify(poisoned)).not.toMatch(/crc32|trailer|linux|node/i);
  expect(poisoned).toContainEqual(
    expect.objectContaining({ scope: "AKIATEST/DATE/eu-test-1/s3/aws4_request", line: "PUT /scenes/a?x-id=PutObject" }),
  );
});

test("requests without a credential do not depend on them either", async ({ startS3 }) => {
  const plain = await exchange(await startS3(), null);
  await poisonEnvironment();
  const poisoned = await exchange(await startS3(), null);
  expect(poisoned).toEqual(plain);
  expect(JSON.stringify(poisoned)).not.toMatch(/canary|authorization|x-amz-(content|date|security)/);
});

test.for([credential, null])("the SDK reads no AWS file with the credential %j", async (as, { startS3 }) => {
  await exchange(await startS3(), as);
  expect(filesRead.filter((path) => /\.aws|eom-aws/.test(path))).toEqual([]);
});

test("the SDK writes nothing to the console", async ({ startS3 }) => {
  const written = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name));
  await exchange(await startS3());
  await probeStorage(toLocation(await startS3({ LIST: () => {} })), credential, {
    ...settings,
    budgetMilliseconds: 500,
  });
  expect(written.flatMap((spy) => spy.mock.calls)).toEqual([]);
});

test("a request to a server whose clock is an hour ahead is signed for that clock at the second try", async ({
  startS3,
}) => {
  const later = new Date(Date.now() + 3_600_000);
  const server = await startS3({
    LIST: (exchange) => {
      const { request, response } = exchange;
      const signed = String(request.headers["x-amz-date"]);
      const hour = later.toISOString().replace(/[-:]/g, "").slice(0, 11);
      if (!signed.startsWith(hour))
        return sendError(403, "RequestTimeTooSkewed", {}, { date: later.toUTCString() })(exchange);
      response.end(`<ListBucketResult><Name>${bucket}</Name></ListBucketResult>`);
    },
  });
  const report = await probeStorage(toLocation(server, { read_only: true }), credential, settings);
  expect(report.status).toBe("PASS");
  expect(server.requests).toHaveLength(2);
});

test("a request over a connection that the server has closed is sent again", async ({ startS3 }) => {
  let first = true;
  const server = await startS3({
    LIST: (exchange) => {
      if (!first) return void exchange.response.end(`<ListBucketResult><Name>${bucket}</Name></ListBucketResult>`);
      first = false;
      reset(exchange);
    },
  });
  const report = await probeStorage(toLocation(server, { read_only: true }), credential, settings);
  expect(report.status).toBe("PASS");
});

test("a probe sends no second request to a server that is overloaded", async ({ startS3 }) => {
  const server = await startS3({ LIST: sendError(503, "SlowDown", {}, { "retry-after": "60" }) });
  await probeStorage(toLocation(server), credential, settings);
  expect(server.requests).toHaveLength(1);
});

test("without path style requests go to the bucket's own host, and the egress rules check it", async ({ startS3 }) => {
  const server = await startS3();
  const endpoint = `http://s3.example.org:${server.port}`;
  const location = toLocation(server, { endpoint, path_style: false, read_only: true });
  const names: string[] = [];
  const lookup: Lookup = async (name) => {
    names.push(name);
    return [{ address: "127.0.0.1", family: 4 }];
  };
  const probe = (rules: EgressPolicy) => probeStorage(location, credential, { ...settings, policy: rules, lookup });
  expect((await probe(policy)).status).toBe("PASS");
  expect(new Set(names)).toEqual(new Set(["scenes.s3.example.org"]));
  const denying = parseEgressPolicy({ allow: [], deny: [".s3.example.org"], loopback: true, infrastructure: [] });
  expect((await probe(denying)).checks[0]).toMatchObject({ reason: "endpoint_forbidden" });
});

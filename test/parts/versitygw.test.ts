import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { S3Location } from "../../src/storages/s3/location.ts";
import { probeStorage } from "../../src/storages/s3/probe.ts";
import { settings } from "../storages/s3/fixtures.ts";
import { describeObjectStore } from "../storages/s3/object-store-contract.ts";
import { plainOptions } from "../support/s3/plain-options.ts";
import { type S3Credentials, startVersitygw, type VersitygwServer } from "../support/s3/versitygw.ts";

describeObjectStore("versitygw", async () => {
  const server = await startVersitygw();
  await server.createBucket("scenes");
  return { ...server, bucket: "scenes" };
});

describe("permissions on versitygw", () => {
  let server: VersitygwServer;
  let buckets = 0;

  beforeAll(async () => {
    server = await startVersitygw();
  });
  afterAll(() => server.stop());

  /** Creates a user with these permissions alone, on a bucket of its own. */
  const proveAs = async (actions: readonly string[], changes: Partial<S3Location> = {}) => {
    buckets += 1;
    const bucket = `permissions-${buckets}`;
    await server.createBucket(bucket);
    const user = await server.createUser();
    if (actions.length > 0) await server.allow(bucket, user, actions);
    return probe(bucket, user, changes);
  };
  const probe = async (bucket: string, user: S3Credentials | null, changes: Partial<S3Location>) => {
    const usual = { prefix: "a/", path_style: true, read_only: false, ca_certificate: null, ...plainOptions };
    const location = { endpoint: server.endpoint, region: server.region, bucket, ...usual, ...changes };
    const credential =
      user === null ? null : { access_key_id: user.accessKeyId, secret_access_key: user.secretAccessKey };
    const report = await probeStorage(location, credential, settings);
    return { status: report.status, checks: report.checks.map(({ check, status, reason }) => [check, status, reason]) };
  };

  test("a user without permissions fails", async () => {
    expect((await proveAs([])).status).toBe("FAIL");
  });

  test("a user who may list but not write fails at the write, and the report says so", async () => {
    const { status, checks } = await proveAs(["s3:ListBucket"]);
    expect(status).toBe("FAIL");
    expect(checks.slice(0, 2)).toEqual([
      ["LIST", "PASS", null],
      ["WRITE", "FAIL", "access_denied"],
    ]);
  });

  test("a user who may not delete gets a warning about the object that stays behind", async () => {
    const { status, checks } = await proveAs(["s3:ListBucket", "s3:PutObject", "s3:GetObject"]);
    expect([status, checks[3]]).toEqual(["WARN", ["DELETE", "WARN", "access_denied"]]);
  });

  test("a user who may only write gets a warning: some storages are write-only", async () => {
    const { status, checks } = await proveAs(["s3:PutObject"]);
    expect([status, checks[1]]).toEqual(["WARN", ["WRITE", "PASS", null]]);
  });

  test("a user who may only read passes if the storage is read-only", async () => {
    const { status } = await proveAs(["s3:ListBucket", "s3:GetObject"], { read_only: true });
    expect(status).toBe("PASS");
  });

  test.for([
    [
      "that everybody may list and read passes where the storage is read-only",
      ["s3:ListBucket", "s3:GetObject"],
      "PASS",
    ],
    ["that everybody may read but not list fails", ["s3:GetObject"], "FAIL"],
    ["that nobody may use without a credential fails", [], "FAIL"],
  ] as const)("without a credential, a bucket %s", async ([, actions, expected]) => {
    buckets += 1;
    const bucket = `permissions-${buckets}`;
    await server.createBucket(bucket);
    if (actions.length > 0) await server.allowEverybody(bucket, actions);
    const { status, checks } = await probe(bucket, null, { read_only: true });
    const list = expected === "PASS" ? ["LIST", "PASS", null] : ["LIST", "FAIL", "access_denied"];
    expect([status, checks[0]]).toEqual([expected, list]);
  });

  test("encryption that the gateway does not do fails at the write", async () => {
    await server.createBucket("encrypted");
    const { checks } = await probe("encrypted", server, { server_side_encryption: "AES256" });
    expect(checks[1]).toEqual(["WRITE", "FAIL", expect.stringMatching(/^encryption_(ignored|refused)$/)]);
  });

  test("a wrong region is reported with the right region's name", async () => {
    await server.createBucket("regions");
    const { checks } = await probe("regions", server, { region: "us-east-1" });
    expect(checks[0]).toEqual(["LIST", "FAIL", "wrong_region"]);
  });
});

import { afterEach, describe, expect, vi } from "vitest";
import { checkSignature } from "../../../src/demo/s3-server.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import type { S3Credential, S3Location } from "../../../src/storages/s3/location.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import type { VerificationReport } from "../../../src/storages/s3/report.ts";
import { type MisbehavingS3, type S3Exchange, sendError } from "../../support/s3/misbehaving-s3.ts";
import { credential, settings, test, toLocation } from "./fixtures.ts";

/*
 * Buckets that want more of a request than others. The server records the requests and checks no signature; the tests check
 * each by a verifier of their own. test/parts/versitygw.test.ts has the buckets that a real server can have.
 */

const account = {
  region: "eu-test-1",
  accessKeyId: credential.access_key_id,
  secretAccessKey: credential.secret_access_key,
};

/** The recorded requests: method and path, without query and the random name of the probe object. */
function listPaths({ requests }: MisbehavingS3): string[] {
  return requests.map(({ line }) => line.replace(/\?.*/, "").replace(/[0-9a-f-]{36}$/, "ID"));
}

function listHeaders({ requests }: MisbehavingS3, name: string): unknown[] {
  return requests.map(({ headers }) => headers[name]);
}

function expectRightSignatures({ requests }: MisbehavingS3): void {
  const refusals = requests.map(({ line, headers }) => {
    const [method = "", url = ""] = line.split(" ");
    return checkSignature({ method, url, headers }, account);
  });
  expect(refusals).toEqual(requests.map(() => undefined));
}

function summarise({ status, checks }: VerificationReport): string[] {
  return [status, ...checks.map((check) => [check.check, check.status, check.reason ?? ""].join(" ").trim())];
}

const passed = ["PASS", "LIST PASS", "WRITE PASS", "READ PASS", "DELETE PASS"];

function probe(server: MisbehavingS3, place: Partial<S3Location>, as: S3Credential | null = credential) {
  return probeStorage(toLocation(server, place), as, settings);
}

describe("a Requester Pays bucket", () => {
  test("gets the acceptance of the costs with every request, signed", async ({ startS3 }) => {
    const server = await startS3();
    expect(summarise(await probe(server, { requester_pays: true }))).toEqual(passed);
    await inventoryStorage(toLocation(server, { requester_pays: true }), credential, settings);
    expect(listHeaders(server, "x-amz-request-payer")).toEqual(Array.from({ length: 5 }, () => "requester"));
    expect(listHeaders(server, "authorization")).toEqual(
      Array.from({ length: 5 }, () => expect.stringMatching(/SignedHeaders=[^,]*x-amz-request-payer/)),
    );
    expectRightSignatures(server);
  });

  test("gets it also where the storage is read-only", async ({ startS3 }) => {
    const server = await startS3();
    server.objects.set("in/a", Buffer.from("abc"));
    expect((await probe(server, { requester_pays: true, read_only: true })).status).toBe("PASS");
    expect(listHeaders(server, "x-amz-request-payer")).toEqual(["requester", "requester"]);
  });

  test("is named by the hint where a storage does not accept its costs", async ({ startS3 }) => {
    const server = await startS3({ LIST: sendError(403, "AccessDenied"), WRITE: sendError(403, "AccessDenied") });
    const { checks } = await probe(server, {});
    expect(checks[0]).toMatchObject({ reason: "access_denied", hint: expect.stringContaining("requester_pays") });
    expect(listHeaders(server, "x-amz-request-payer")).toEqual([undefined, undefined]);
  });
});

describe("a bucket without a credential", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("is listed and read with requests that are not signed, whatever credential the machine has", async ({
    startS3,
  }) => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "canary-key");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "canary-secret");
    vi.stubEnv("AWS_SESSION_TOKEN", "canary-token");
    const server = await startS3();
    server.objects.set("in/a", Buffer.from("abc"));
    const report = await probe(server, { read_only: true }, null);
    expect(summarise(report)).toEqual([
      "PASS",
      "LIST PASS",
      "WRITE SKIP read_only",
      "READ PASS",
      "DELETE SKIP read_only",
    ]);
    const location = toLocation(server, { read_only: true });
    expect(await inventoryStorage(location, null, settings)).toEqual({ objects: 1, bytes: 3 });
    expect(listPaths(server)).toEqual(["GET /scenes/", "GET /scenes/in/a", "GET /scenes/"]);
    expect(listHeaders(server, "authorization")).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(server.requests)).not.toContain("canary");
  });

  test("passes every check where the server lets everybody write", async ({ startS3 }) => {
    const server = await startS3();
    expect(summarise(await probe(server, {}, null))).toEqual(passed);
    expect(listHeaders(server, "authorization")).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("that is not public is reported with the way out", async ({ startS3 }) => {
    const server = await startS3({ LIST: sendError(403, "AccessDenied") });
    const { checks } = await probe(server, { read_only: true }, null);
    expect(checks[0]).toMatchObject({
      status: "FAIL",
      reason: "access_denied",
      hint: "The server does not let everybody list objects in the bucket scenes. Enter a credential.",
    });
  });

  test("that everybody may only read fails at the write, and the hint names read_only", async ({ startS3 }) => {
    const server = await startS3({ WRITE: sendError(403, "AccessDenied") });
    const report = await probe(server, {}, null);
    expect(summarise(report).slice(0, 3)).toEqual(["FAIL", "LIST PASS", "WRITE FAIL access_denied"]);
    expect(report.checks[1]?.hint).toContain("or set read_only to true");
  });
});

describe("server-side encryption", () => {
  /** Stores the object and confirms this encryption. */
  const confirm =
    (encryption: string | undefined) =>
    ({ key, body, objects, response }: S3Exchange): void => {
      objects.set(key, body);
      response.writeHead(200, {
        etag: '"0"',
        ...(encryption === undefined ? {} : { "x-amz-server-side-encryption": encryption }),
      });
      response.end();
    };

  test.for([
    ["AES256", null],
    ["aws:kms", null],
    ["aws:kms", "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"],
    ["aws:kms:dsse", "alias/scenes"],
  ] as const)("%s with the key %s is asked for by the write alone", async ([encryption, key], { startS3 }) => {
    const server = await startS3({ WRITE: confirm(encryption) });
    const options = { server_side_encryption: encryption, sse_kms_key_id: key };
    expect(summarise(await probe(server, options))).toEqual(passed);
    expect(listHeaders(server, "x-amz-server-side-encryption")).toEqual([undefined, encryption, undefined, undefined]);
    const asked = key ?? undefined;
    expect(listHeaders(server, "x-amz-server-side-encryption-aws-kms-key-id")).toEqual([
      undefined,
      asked,
      undefined,
      undefined,
    ]);
    expectRightSignatures(server);
  });

  test.for([undefined, "aws:kms"])(
    "that the server answers with %s instead fails, and no object stays",
    async (confirmed, { startS3 }) => {
      const server = await startS3({ WRITE: confirm(confirmed) });
      const report = await probe(server, { server_side_encryption: "AES256" });
      expect(summarise(report)).toEqual([
        "FAIL",
        "LIST PASS",
        "WRITE FAIL encryption_ignored",
        "READ SKIP not_reached",
        "DELETE SKIP not_reached",
      ]);
      expect(server.objects.size).toBe(0);
    },
  );

  test("that the bucket adds by itself passes where the storage asks for none", async ({ startS3 }) => {
    const server = await startS3({ WRITE: confirm("aws:kms") });
    expect(summarise(await probe(server, {}))).toEqual(passed);
  });

  test.for([
    [400, "KMS.NotFoundException"],
    [400, "KMS.DisabledException"],
    [404, "kms:KeyNotFound"],
    [400, "InvalidArgument"],
    [400, "InvalidEncryptionAlgorithmError"],
    [501, "NotImplemented"],
  ] as const)("that the server refuses with %i %s is reported as such", async ([status, code], { startS3 }) => {
    const server = await startS3({ WRITE: sendError(status, code) });
    const { checks } = await probe(server, { server_side_encryption: "aws:kms", sse_kms_key_id: "k" });
    expect(checks[1]).toMatchObject({ status: "FAIL", reason: "encryption_refused" });
  });

  test("is no reason for faults of other kinds", async ({ startS3 }) => {
    const server = await startS3({ WRITE: sendError(403, "AccessDenied") });
    const { checks } = await probe(server, { server_side_encryption: "AES256" });
    expect(checks[1]).toMatchObject({ status: "FAIL", reason: "access_denied" });
  });

  test("an object of a customer's key is a warning where the storage is read-only", async ({ startS3 }) => {
    const server = await startS3({ READ: sendError(400, "InvalidRequest") });
    server.objects.set("in/a", Buffer.from("abc"));
    expect(summarise(await probe(server, { read_only: true }))).toEqual([
      "WARN",
      "LIST PASS",
      "WRITE SKIP read_only",
      "READ WARN customer_key_required",
      "DELETE SKIP read_only",
    ]);
  });
});

describe("an endpoint with a path", () => {
  test("is put before the bucket, and signed", async ({ startS3 }) => {
    const server = await startS3({}, { path: "/storage/v1/s3" });
    const endpoint = `http://127.0.0.1:${server.port}/storage/v1/s3`;
    expect(summarise(await probe(server, { endpoint }))).toEqual(passed);
    const object = "/storage/v1/s3/scenes/in/.eom-probe/ID";
    expect(listPaths(server)).toEqual([
      "GET /storage/v1/s3/scenes/",
      `PUT ${object}`,
      `GET ${object}`,
      `DELETE ${object}`,
    ]);
    expectRightSignatures(server);
  });

  test("stays before the key where the host names the bucket", async ({ startS3 }) => {
    const server = await startS3({}, { path: "/s3/v1" });
    const endpoint = `http://s3.example.org:${server.port}/s3/v1`;
    const lookup = async () => [{ address: "127.0.0.1", family: 4 as const }];
    const location = toLocation(server, { endpoint, path_style: false, read_only: true });
    await probeStorage(location, credential, { ...settings, lookup });
    expect(listPaths(server)).toEqual(["GET /s3/v1/"]);
    expect(listHeaders(server, "host")).toEqual([`scenes.s3.example.org:${server.port}`]);
    expectRightSignatures(server);
  });

  test("is shown by the hint when the bucket does not exist", async ({ startS3 }) => {
    const server = await startS3({ LIST: sendError(404, "NoSuchBucket") }, { path: "/scenes" });
    const { checks } = await probe(server, { endpoint: `http://127.0.0.1:${server.port}/scenes` });
    expect(checks[0]?.hint).toContain("/scenes");
    expect(checks[0]?.hint).toContain("must not have the bucket in it");
  });
});

describe("a bucket of a tenant of Ceph", () => {
  test.for([
    ["research:scenes", "research%3Ascenes"],
    [":scenes", "%3Ascenes"],
  ] as const)("%s is %s in the path, as the signature has it", async ([bucket, segment], { startS3 }) => {
    const server = await startS3();
    expect(summarise(await probe(server, { bucket }))).toEqual(passed);
    const object = `/${segment}/in/.eom-probe/ID`;
    expect(listPaths(server)).toEqual([`GET /${segment}/`, `PUT ${object}`, `GET ${object}`, `DELETE ${object}`]);
    expectRightSignatures(server);
  });

  test("does not exist on a server without tenants", async ({ startS3 }) => {
    const server = await startS3({ LIST: sendError(400, "InvalidBucketName") });
    const { checks } = await probe(server, { bucket: "research:scenes" });
    expect(checks[0]).toMatchObject({ reason: "bucket_not_found" });
  });
});

import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseEgressPolicy } from "../../../src/platform/egress/policy.ts";
import { createS3Connection } from "../../../src/storages/s3/client.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import type { S3Credential, S3Location } from "../../../src/storages/s3/location.ts";
import { proveStorage } from "../../../src/storages/s3/probe.ts";
import type { VerificationReport } from "../../../src/storages/s3/report.ts";
import { patientRetry } from "../../../src/storages/s3/retry.ts";

export interface ObjectStore {
  readonly endpoint: string;
  readonly region: string;
  /** One that exists and is empty. */
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

const policy = parseEgressPolicy({ allow: [], deny: [], loopback: true, infrastructure: [] });

/** What EOM relies on in every object store, as tests against a real one on the loopback address. */
export function describeObjectStore(name: string, start: () => Promise<ObjectStore>): void {
  describe(name, () => {
    let store: ObjectStore;

    beforeAll(async () => {
      store = await start();
    });
    afterAll(() => store?.stop());

    /** A place of its own for each test. */
    const locate = (changes: Partial<S3Location> = {}): S3Location => {
      const { endpoint, region, bucket } = store;
      const usual = { path_style: true, read_only: false, ca_certificate: null };
      return { endpoint, region, bucket, prefix: `${randomUUID()}/`, ...usual, ...changes };
    };
    const credential = (changes: Partial<S3Credential> = {}): S3Credential => {
      return { access_key_id: store.accessKeyId, secret_access_key: store.secretAccessKey, ...changes };
    };
    const prove = (location: S3Location, changes: Partial<S3Credential> = {}): Promise<VerificationReport> =>
      proveStorage(location, credential(changes), { policy, clock: systemClock });
    const count = (location: S3Location) => inventoryStorage(location, credential(), { policy, clock: systemClock });

    test("a storage that may be used passes every check, and nothing stays behind", async () => {
      const location = locate();
      const report = await prove(location);
      expect(report.checks.map(({ check, status, reason }) => [check, status, reason])).toEqual([
        ["LIST", "PASS", null],
        ["WRITE", "PASS", null],
        ["READ", "PASS", null],
        ["DELETE", "PASS", null],
      ]);
      expect(report.status).toBe("PASS");
      expect(await count(location)).toEqual({ objects: 0, bytes: 0 });
    });

    test("a storage at the root of the bucket passes", async () => {
      expect((await prove(locate({ prefix: "" }))).status).toBe("PASS");
    });

    test("a read-only storage is read and not written to", async () => {
      const location = locate({ read_only: true });
      await fill(location, credential(), 1);
      const report = await prove(location);
      expect(report.checks.map(({ status }) => status)).toEqual(["PASS", "SKIP", "PASS", "SKIP"]);
      expect((await count(location)).objects).toBe(1);
    });

    test.each([
      ["a bucket that does not exist", { bucket: "no-such-bucket-here" }, {}, "bucket_not_found"],
      ["a wrong secret", {}, { secret_access_key: "wrong" }, "signature_mismatch"],
      ["an unknown access key", {}, { access_key_id: "UNKNOWN" }, "invalid_access_key"],
    ] as const)("%s is told as what it is", async (_what, place, key, reason) => {
      const report = await prove(locate(place), key);
      expect(report.checks[0]).toMatchObject({ check: "LIST", status: "FAIL", reason });
    });

    test("an inventory counts all pages of a prefix, keys of any characters, and no neighbour", async () => {
      const location = locate();
      await fill(location, credential(), 1_005);
      await fill({ ...location, prefix: location.prefix.replace("/", "-neighbour/") }, credential(), 1);
      expect(await count(location)).toEqual({ objects: 1_005, bytes: 1_005 * 3 });
    });
  });
}

/** Writes so many objects of three bytes, some of them under names that need care. */
async function fill(location: S3Location, credential: S3Credential, howMany: number): Promise<void> {
  const limits = { connectMs: 5_000, requestMs: 20_000 };
  const { client, close } = createS3Connection(location, credential, { policy, ...limits, retry: patientRetry });
  const names = [
    "a b",
    "a+b",
    "ü",
    "100%25",
    "a&b<c>",
    "it's",
    "{x}",
    ...Array.from({ length: 2_000 }, (_, i) => `n${i}`),
  ];
  const keys = names.slice(0, howMany).values();
  const put = async (): Promise<void> => {
    for (const name of keys) {
      await client.send(
        new PutObjectCommand({ Bucket: location.bucket, Key: `${location.prefix}${name}`, Body: "abc" }),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: 8 }, put));
  } finally {
    close();
  }
}

import { randomUUID } from "node:crypto";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createS3Connection } from "../../../src/storages/s3/client.ts";
import { inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import type { S3Credential, S3Location } from "../../../src/storages/s3/location.ts";
import { probeStorage } from "../../../src/storages/s3/probe.ts";
import type { VerificationReport } from "../../../src/storages/s3/report.ts";
import { patientRetry } from "../../../src/storages/s3/retry.ts";
import { plainOptions } from "../../support/s3/plain-options.ts";
import { settings } from "./fixtures.ts";

export interface ObjectStore {
  readonly endpoint: string;
  readonly region: string;
  /** A bucket that exists and is empty. */
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

/** The behaviour that EOM expects of every object store, as tests against a real one on the loopback address. */
export function describeObjectStore(name: string, start: () => Promise<ObjectStore>): void {
  describe(name, () => {
    let store: ObjectStore;

    beforeAll(async () => {
      store = await start();
    });
    afterAll(() => store?.stop());

    /** A location of its own for each test. */
    const locate = (changes: Partial<S3Location> = {}): S3Location => {
      const { endpoint, region, bucket } = store;
      const usual = { path_style: true, read_only: false, ca_certificate: null, ...plainOptions };
      return { endpoint, region, bucket, prefix: `${randomUUID()}/`, ...usual, ...changes };
    };
    const credential = (changes: Partial<S3Credential> = {}): S3Credential => {
      return { access_key_id: store.accessKeyId, secret_access_key: store.secretAccessKey, ...changes };
    };
    const probe = (location: S3Location, changes: Partial<S3Credential> = {}): Promise<VerificationReport> =>
      probeStorage(location, credential(changes), settings);
    const count = (location: S3Location) => inventoryStorage(location, credential(), settings);

    test("a usable storage passes every check, and no object stays", async () => {
      const location = locate();
      const report = await probe(location);
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
      expect((await probe(locate({ prefix: "" }))).status).toBe("PASS");
    });

    test("a read-only storage is read and not written to", async () => {
      const location = locate({ read_only: true });
      await fill(location, credential(), 1);
      const report = await probe(location);
      expect(report.checks.map(({ status }) => status)).toEqual(["PASS", "SKIP", "PASS", "SKIP"]);
      expect((await count(location)).objects).toBe(1);
    });

    test.each([
      ["a bucket that does not exist", { bucket: "no-such-bucket-here" }, {}, "bucket_not_found"],
      ["a wrong secret", {}, { secret_access_key: "wrong" }, "signature_mismatch"],
      ["an unknown access key", {}, { access_key_id: "UNKNOWN" }, "invalid_access_key"],
    ] as const)("%s is reported by its reason", async (_what, place, key, reason) => {
      const report = await probe(locate(place), key);
      expect(report.checks[0]).toMatchObject({ check: "LIST", status: "FAIL", reason });
    });

    test("an inventory counts all pages of a prefix and keys of any characters, but no objects beside the prefix", async () => {
      const location = locate();
      await fill(location, credential(), 1_005);
      await fill({ ...location, prefix: location.prefix.replace("/", "-neighbour/") }, credential(), 1);
      expect(await count(location)).toEqual({ objects: 1_005, bytes: 1_005 * 3 });
    });
  });
}

/** Writes `howMany` objects of three bytes; the first seven have names with special characters. */
async function fill(location: S3Location, credential: S3Credential, howMany: number): Promise<void> {
  const limits = { connectMilliseconds: 5_000, requestMilliseconds: 20_000 };
  const { client, close } = createS3Connection(location, credential, { ...settings, ...limits, retry: patientRetry });
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

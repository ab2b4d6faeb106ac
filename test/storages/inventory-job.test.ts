import { expect } from "vitest";
import { createInventoryJob } from "../../src/storages/inventory-job.ts";
import { credential, settings, test, toLocation } from "./s3/fixtures.ts";

const { policy, clock } = settings;

/** The job with a secret store that has one credential, under the reference `ref/1`. */
function createJob() {
  const read = async (ref: string | null) => (ref === null ? null : credential);
  return createInventoryJob({ policy, clock, credentials: { read } });
}

test("the inventory of a storage without a credential signs no request", async ({ startS3 }) => {
  const server = await startS3();
  server.objects.set("in/a", Buffer.from("abc"));
  const storage = { id: "1", name: "public", ...toLocation(server), credential_ref: null };
  const result = await createJob()({ storage }, { signal: new AbortController().signal });
  expect(result).toEqual({ storage_id: "1", objects: 1, bytes: 3 });
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test("the run config of a session from before the options of special buckets still counts", async ({ startS3 }) => {
  const server = await startS3();
  const { requester_pays, server_side_encryption, sse_kms_key_id, ...location } = toLocation(server);
  const storage = { id: "1", name: "older", ...location, credential_ref: "ref/1" };
  const result = await createJob()({ storage }, { signal: new AbortController().signal });
  expect(result).toEqual({ storage_id: "1", objects: 0, bytes: 0 });
  expect(server.requests.map(({ headers }) => headers["x-amz-request-payer"])).toEqual([undefined]);
});

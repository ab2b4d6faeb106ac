import { expect } from "vitest";
import { type Inventory, type InventorySettings, inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import { bucket, hang, type MisbehavingS3, send } from "../../support/s3/misbehaving-s3.ts";
import { credential, settings, test, toLocation } from "./fixtures.ts";

function count(server: MisbehavingS3, changes: Partial<InventorySettings> = {}): Promise<Inventory> {
  return inventoryStorage(toLocation(server, { read_only: true }), credential, { ...settings, ...changes });
}

function fill({ objects }: MisbehavingS3, howMany: number): void {
  for (let i = 0; i < howMany; i++) objects.set(`in/${String(i).padStart(6, "0")}`, Buffer.alloc(i % 10));
}

test("counts every object below the prefix, over pages of 1000, and none beside it", async ({ startS3 }) => {
  const server = await startS3();
  fill(server, 2500);
  server.objects.set("in", Buffer.alloc(100));
  server.objects.set("into/x", Buffer.alloc(100));
  expect(await count(server)).toEqual({ objects: 2500, bytes: 250 * 45 });
  expect(server.requests).toHaveLength(3);
});

test("counts nothing below an empty prefix", async ({ startS3 }) => {
  expect(await count(await startS3())).toEqual({ objects: 0, bytes: 0 });
});

test("ends at once with the caller's reason when the caller gives up", async ({ startS3 }) => {
  const server = await startS3({ LIST: hang });
  const caller = new AbortController();
  const counting = count(server, { signal: caller.signal });
  await server.arrival("LIST");
  caller.abort(new Error("the caller has gone"));
  await expect(counting).rejects.toThrow("the caller has gone");
});

test.for([
  ["names no next page", ""],
  ["names the same page again", "<NextContinuationToken>again</NextContinuationToken>"],
])("fails when a truncated list %s", async ([, next], { startS3 }) => {
  const xml = `<ListBucketResult><Name>${bucket}</Name><IsTruncated>true</IsTruncated>${next}</ListBucketResult>`;
  const counting = count(await startS3({ LIST: send(200, "application/xml", xml) }));
  await expect(counting).rejects.toMatchObject({ reason: "unexpected_answer", http_status: 200 });
});

import { expect } from "vitest";
import { type Inventory, type InventorySettings, inventoryStorage } from "../../../src/storages/s3/inventory.ts";
import { bucket, type Entry, hang, type MisbehavingS3, send, sendListing } from "../../support/s3/misbehaving-s3.ts";
import { credential, settings, test, toLocation } from "./fixtures.ts";

function count(server: MisbehavingS3, changes: Partial<InventorySettings> = {}): Promise<Inventory> {
  return inventoryStorage(toLocation(server, { read_only: true }), credential, { ...settings, ...changes });
}

function fill({ objects }: MisbehavingS3, howMany: number): void {
  for (let i = 0; i < howMany; i++) objects.set(`in/${String(i).padStart(6, "0")}`, Buffer.alloc(i % 10));
}

function entry(key: string, size = "1"): Entry {
  return { key, size };
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

/** Pages of a server below the prefix `in/`, with the right count; null where the list is none of S3. */
const listings: readonly (readonly [string, readonly Entry[][], Inventory | null])[] = [
  ["keys beside the prefix", [[entry("in/a"), entry("into/b")]], null],
  ["a key above the prefix", [[entry("in")]], null],
  ["keys that descend", [[entry("in/b"), entry("in/a")]], null],
  ["one key twice", [[entry("in/a"), entry("in/a")]], null],
  [
    "a page whose first key was listed before",
    [
      [entry("in/a"), entry("in/b")],
      [entry("in/b"), entry("in/c")],
    ],
    null,
  ],
  ["a page repeated after an empty page", [[entry("in/a")], [], [entry("in/a")]], null],
  ["a negative size", [[entry("in/a", "-5")]], null],
  ["a size as a power", [[entry("in/a", "1e3")]], null],
  ["a size in hexadecimal", [[entry("in/a", "0x10")]], null],
  ["a size with a fraction", [[entry("in/a", "1.0")]], null],
  ["a size that is not finite", [[entry("in/a", "Infinity")]], null],
  ["a size beyond whole numbers", [[entry("in/a", "9007199254740993")]], null],
  ["sizes whose sum is beyond whole numbers", [[entry("in/a", "9007199254740991"), entry("in/b")]], null],
  ["an empty size", [[entry("in/a", "")]], null],
  ["no size", [[{ key: "in/a", size: undefined }]], null],
  ["an empty key", [[entry("")]], null],
  ["the prefix itself as a key", [[entry("in/"), entry("in/a")]], { objects: 2, bytes: 2 }],
  ["keys in the order of their bytes", [[entry("in/\u{e000}"), entry("in/\u{1f600}")]], { objects: 2, bytes: 2 }],
  ["an empty page between others", [[entry("in/a")], [], [entry("in/b")]], { objects: 2, bytes: 2 }],
];

test.for(listings)("a server that lists %s is believed only as far as S3 allows", async (row, { startS3 }) => {
  const [, pages, expected] = row;
  const remaining = [...pages];
  const server = await startS3({
    LIST: (exchange) => {
      const page = remaining.shift() ?? [];
      sendListing(page, remaining.length > 0 ? { next: `page-${remaining.length}` } : {})(exchange);
    },
  });
  const counting = count(server);
  if (expected === null)
    await expect(counting).rejects.toMatchObject({ reason: "unexpected_answer", http_status: 200 });
  else expect(await counting).toEqual(expected);
});

test("a key whose bytes are not UTF-8 is counted and ordered by its bytes", async ({ startS3 }) => {
  const keys = ["in%2F%7E", "in%2F%80", "in%2F%FF"];
  const entries = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("");
  const xml = `<ListBucketResult><Name>${bucket}</Name><EncodingType>url</EncodingType>${entries}</ListBucketResult>`;
  const server = await startS3({ LIST: send(200, "application/xml", xml) });
  expect(await count(server)).toEqual({ objects: 3, bytes: 3 });
});

import { expect, test } from "vitest";
import { isCheapToParse, toAnswerBounds } from "../../../src/storages/s3/answer-bounds.ts";

const page = { method: "GET", query: { "list-type": "2", "max-keys": "1000" } };
const probe = { method: "GET", query: { "list-type": "2", "max-keys": "1" } };
const KiB = 1024;

test.each([
  ["a list of one key", probe, 200, 68 * KiB],
  ["a page of 1000 keys", page, 200, 4064 * KiB],
  ["a list that names no number of keys", { method: "GET", query: { "list-type": "2" } }, 200, 4064 * KiB],
  ["an error in place of a page", page, 403, 64 * KiB],
  ["a write", { method: "PUT", query: { "x-id": "PutObject" } }, 200, 64 * KiB],
  ["a removal", { method: "DELETE", query: { "x-id": "DeleteObject" } }, 204, 64 * KiB],
  ["a redirect of a read", { method: "GET", query: { "x-id": "GetObject" } }, 301, 64 * KiB],
])("the answer to %s has its own limit", (_name, request, status, maxBytes) => {
  expect(toAnswerBounds(request, status)).toMatchObject({ maxBytes });
});

test("the content of an object has no limit here", () => {
  expect(toAnswerBounds({ method: "GET", query: { "x-id": "GetObject" } }, 206)).toBeNull();
});

function isCheap(request: typeof page, xml: string): boolean {
  const bounds = toAnswerBounds(request, 200);
  const answer = Buffer.from(xml);
  return bounds !== null && answer.length <= bounds.maxBytes && isCheapToParse(answer, bounds);
}

const fullEntry = `<Contents><Key>${"%C3".repeat(1024)}</Key><LastModified>2026-11-30T00:00:00.000Z</LastModified>
  <ETag>&quot;0123456789abcdef0123456789abcdef-10000&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>
  <ChecksumType>FULL_OBJECT</ChecksumType><Size>5497558138880</Size><StorageClass>INTELLIGENT_TIERING</StorageClass>
  <Owner><ID>${"0".repeat(64)}</ID><DisplayName>${"n".repeat(255)}</DisplayName></Owner><RestoreStatus>
  <IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-11-30T00:00:00.000Z</RestoreExpiryDate>
  </RestoreStatus></Contents>`;

test("the largest valid page is within the limits", () => {
  expect(isCheap(page, fullEntry.repeat(1000))).toBe(true);
  expect(isCheap(probe, fullEntry)).toBe(true);
});

test.each([
  ["empty entries", "<Contents/>".repeat(100_000)],
  ["nested elements", "<a>".repeat(100_000)],
  ["entities", `<Key>${"&amp;".repeat(200_000)}</Key>`],
  ["one long text", `<Key>${"x".repeat(1_000_000)}</Key>`],
  ["one long tag", `<Contents ${"a='b' ".repeat(100_000)}/>`],
  ["white space", " ".repeat(1_000_000)],
  ["document types", "<!DOCTYPE a>".repeat(2)],
  ["document types in any case", "<!doctype a><!DocType a>"],
])("%s that cost the parser more than a page of keys are refused before it runs", (_name, xml) => {
  expect(isCheap(page, xml)).toBe(false);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import type { z } from "zod";
import {
  bucketSchema,
  caCertificateSchema,
  endpointSchema,
  prefixSchema,
  regionSchema,
} from "../../../src/storages/s3/validation.ts";
import { createCertificate } from "./certificates.ts";

function problemsOf(schema: z.ZodType, value: unknown): string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

test.each([
  ["https://S3.Example.ORG", "https://s3.example.org"],
  ["https://s3.example.org:443/", "https://s3.example.org"],
  ["http://s3.example.org:80", "http://s3.example.org"],
  ["https://s3.example.org:80", "https://s3.example.org:80"],
  ["https://s3.example.org.", "https://s3.example.org"],
  [" https://s3.example.org ", "https://s3.example.org"],
  ["https://münchen.example", "https://xn--mnchen-3ya.example"],
  ["http://0x7f000001:9000", "http://127.0.0.1:9000"],
  ["http://[::FFFF:127.0.0.1]:9000", "http://[::ffff:7f00:1]:9000"],
  ["HTTPS://Example.org:443/Storage/v1/s3/", "https://example.org/Storage/v1/s3"],
  ["https://example.org/a-b_c.d~e", "https://example.org/a-b_c.d~e"],
])("the endpoint %s is normalised to %s", (given, normalised) => {
  expect(endpointSchema.parse(given)).toBe(normalised);
});

test.each([
  ["s3.example.org", "must be a URL"],
  ["", "must be a URL"],
  ["https://", "must be a URL"],
  ["ftp://s3.example.org", "not ftp"],
  ["s3://bucket", "not s3"],
  ["https://key:secret@s3.example.org", "must have no user"],
  ["https://s3.example.org//", "must have a path of segments"],
  ["https://s3.example.org/a//b", "must have a path of segments"],
  ["https://s3.example.org/a b", "must have a path of segments"],
  ["https://s3.example.org/a%20b", "must have a path of segments"],
  ["https://s3.example.org/a:b", "must have a path of segments"],
  ["https://s3.example.org/ü", "must have a path of segments"],
  ["https://s3.example.org/..", "must have a path of segments"],
  ["https://s3.example.org/a/%2E%2e/b", "must have a path of segments"],
  ["https://s3.example.org/a/.", "must have a path of segments"],
  ["https://s3.example.org/s3?x", "must have no query"],
  [`https://s3.example.org/${"a".repeat(300)}`, "at most 300"],
  ["https://s3.example.org?x", "must have no query"],
  ["https://s3.example.org?", "must have no query"],
  ["https://s3.example.org#", "no query and no fragment"],
  [`https://${"a.".repeat(200)}org`, "at most 300"],
])("the endpoint %s is refused", (given, message) => {
  expect(problemsOf(endpointSchema, given)).toEqual([expect.stringContaining(message)]);
});

test("a password in an endpoint is not repeated", () => {
  expect(problemsOf(endpointSchema, "https://key:canary@s3.example.org").join()).not.toContain("canary");
});

test.each(["scenes", "a-1", "my.bucket.2026", "1.2.3.4.5", `a${"b".repeat(61)}c`, "Research_1:scenes", ":scenes"])(
  "the bucket %s is accepted",
  (name) => {
    expect(bucketSchema.parse(name)).toBe(name);
  },
);

test.each([
  "ab",
  "a".repeat(64),
  "Scenes",
  "under_score",
  "-a1",
  "a1-",
  ".ab",
  "..",
  ".",
  "a..b",
  "10.0.0.1",
  "999.999.999.999",
  "arn:aws:s3:::scenes",
  "foo--use1-az4--x-s3",
  "foo--ol-s3",
  "foo-s3alias",
  "a/b",
  "a:b:scenes",
  "a:",
  ":",
  "a-b:scenes",
  "a:b/c",
  "ü:scenes",
  "a:..",
  "a: scenes",
  "a%3Ascenes",
  "scenes\n",
  "",
])("the bucket %j is refused, with the rule in the message", (name) => {
  expect(problemsOf(bucketSchema, name)).toEqual([expect.stringMatching(/^must /)]);
});

test.each([
  ["", ""],
  ["/", ""],
  ["2026", "2026/"],
  ["2026/", "2026/"],
  ["/a/b", "a/b/"],
  ["a b/ü/%2e%2e/...", "a b/ü/%2e%2e/.../"],
])("the prefix %j is normalised to %j", (given, normalised) => {
  expect(prefixSchema.parse(given)).toBe(normalised);
});

test.each([
  "//",
  "//a",
  "a//b",
  "a//",
  "..",
  "a/../b",
  "a/..",
  ".",
  "./a",
  "a/./b",
  "a\u0000b",
  "a\nb",
  "a\u007f",
  "\ud800",
])("the prefix %j is refused, with the rule in the message", (given) =>
  expect(problemsOf(prefixSchema, given)).toEqual([expect.stringMatching(/^must /)]),
);

test("a prefix has at most 512 bytes with its slash", () => {
  expect(prefixSchema.parse(`${"ü".repeat(255)}a`)).toHaveLength(257);
  expect(problemsOf(prefixSchema, "ü".repeat(256))).toEqual(["must have at most 512 bytes, not 513"]);
});

test("a normalised prefix stays as it is, ends in a slash, and begins with none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webPath(), fc.string({ unit: fc.constantFrom("/", ".", "a") })), (given) => {
      const { data } = prefixSchema.safeParse(given);
      if (data === undefined || data === "") return true;
      return data.endsWith("/") && !data.startsWith("/") && !data.includes("//") && prefixSchema.parse(data) === data;
    }),
  );
});

test("a normalised endpoint stays as it is, and is an origin with a path", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.string(),
        fc.webAuthority({ withPort: true }).map((host) => `HTTPS://${host}`),
      ),
      (given) => {
        const { data } = endpointSchema.safeParse(given);
        if (data === undefined) return true;
        const { origin, pathname } = new URL(data);
        return `${origin}${pathname === "/" ? "" : pathname}` === data && endpointSchema.parse(data) === data;
      },
    ),
  );
});

test.each(["us-east-1", "auto", "garage", "RegionOne", "a"])("the region %s is accepted", (region) => {
  expect(regionSchema.parse(region)).toBe(region);
});

test.each([
  "",
  "-a",
  "a-",
  "eu_west",
  "eu west",
  "*",
  "a.b",
  "a".repeat(64),
  "eu\n",
  "fips-us-east-1",
  "us-gov-west-1-fips",
])("the region %j is refused", (region) => {
  expect(problemsOf(regionSchema, region)).toEqual([expect.stringMatching(/^must /)]);
});

const first = createCertificate({ names: [] });
const second = createCertificate({ names: [] });

test("a bundle of certificates is normalised to its certificates", () => {
  const bundle = `# ours\r\n${first.cert.replaceAll("\n", "\r\n")}\nsubject=x\n${second.cert}`;
  expect(caCertificateSchema.parse(bundle)).toBe(`${first.cert}${second.cert}`);
  expect(caCertificateSchema.parse(first.cert)).toBe(first.cert);
});

test.each([
  ["", "must have one or more certificates"],
  ["not a certificate", "must have one or more certificates"],
  ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate 1 cannot be read"],
  [`${first.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`, "certificate 2 cannot be read"],
  [`${first.cert}${first.key}`, "private key"],
  [first.cert + " ".repeat(65_536), "at most 65536"],
])("a text that is no bundle of certificates is refused (%#)", (given, message) => {
  const problems = problemsOf(caCertificateSchema, given);
  expect(problems).toEqual([expect.stringContaining(message)]);
  expect(problems.join()).not.toContain(first.key.split("\n")[1]);
});

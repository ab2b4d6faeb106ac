import { describe, expect, test } from "vitest";
import { isLocalhost, parsePort, toHostAndPort } from "../../../src/platform/egress/host-and-port.ts";

describe("toHostAndPort", () => {
  test.each([
    ["https://S3.Example.org/bucket", "s3.example.org", 443],
    ["http://10.0.0.5", "10.0.0.5", 80],
    ["https://[fd00::5]:9000", "[fd00::5]", 9000],
    ["ftp://files.example.org", "files.example.org", 0],
  ])("%s leads to %s port %i", (url, host, port) => {
    expect(toHostAndPort(url)).toEqual({ host, port });
    expect(toHostAndPort(new URL(url))).toEqual({ host, port });
  });

  test("refuses a text that is no URL", () => {
    expect(() => toHostAndPort("s3.example.org")).toThrow(TypeError);
  });
});

test.each([
  ["1", 1],
  ["65535", 65_535],
  ["0", undefined],
  ["65536", undefined],
  ["-1", undefined],
  ["8e3", undefined],
  ["", undefined],
])("parsePort reads '%s' as %s", (text, port) => {
  expect(parsePort(text)).toBe(port);
});

test.each([
  ["localhost", true],
  ["db.localhost", true],
  ["localhost.example.org", false],
  ["notlocalhost", false],
])("isLocalhost of %s is %s", (host, expected) => {
  expect(isLocalhost(host)).toBe(expected);
});

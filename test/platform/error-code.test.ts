import { describe, expect, test } from "vitest";
import { findErrorCode, toErrorCode } from "../../src/platform/error-code.ts";

const coded = (code: unknown, cause?: unknown) => Object.assign(new Error("words", { cause }), { code });

describe("findErrorCode", () => {
  test.each([
    ["of the error itself", coded("EACCES"), "EACCES"],
    ["of its cause", new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "ECONNREFUSED"],
    ["of the first of several errors", new AggregateError([coded("ENETUNREACH"), coded("ETIMEDOUT")]), "ENETUNREACH"],
    ["of an outer error before its cause", coded("UND_ERR_SOCKET", coded("ECONNRESET")), "UND_ERR_SOCKET"],
    ["of none whose code is a number", coded(23), null],
    ["of none without causes", new AggregateError([]), null],
    ["of none that is no error", { code: "EACCES" }, null],
  ])("returns the code %s", (_, error, code) => {
    expect(findErrorCode(error)).toBe(code);
  });

  test("comes to an end for a chain of causes that leads back to its start", () => {
    const error = new Error("endless");
    error.cause = error;
    expect(findErrorCode(error)).toBeNull();
  });
});

describe("toErrorCode", () => {
  test.each([
    [coded("EACCES"), "EACCES"],
    [new DOMException("too late", "TimeoutError"), "TimeoutError"],
    [new Error("outer", { cause: new RangeError("inner") }), "RangeError"],
    ["a text that was thrown", "unknown"],
  ])("returns the code, else the name of the innermost cause: %s", (error, word) => {
    expect(toErrorCode(error)).toBe(word);
  });
});

import { describe, expect, test } from "vitest";
import { fail } from "../../../src/platform/failure.ts";
import { toErrorResponse } from "../../../src/platform/http/error-body.ts";

const failure = fail("ROUTE_NOT_FOUND", "There is no such route", null);

function answer(accept: string | null) {
  const response = toErrorResponse(failure, { requestId: "r", xUser: null, path: "/", accept });
  return response.headers.get("content-type");
}

describe("a failure is answered as a problem of RFC 9457", () => {
  test.each([
    "application/problem+json",
    "Application/Problem+JSON",
    "application/json, application/problem+json",
    "application/problem+json, */*",
    "application/problem+json;q=0.5, */*;q=0.1",
    "application/problem+json;q=0.001",
    'text/html;a=",;", application/problem+json; charset=utf-8 ; Q=0.9 , application/json;q=0.8',
    ",, application/problem+json ,",
    "application/problem+json;q=0.5, application/json;q=0",
  ])("if Accept has it with the greatest weight: %s", (accept) => {
    expect(answer(accept)).toBe("application/problem+json");
  });

  test.each([
    null,
    "",
    "*/*",
    "application/*",
    "text/html",
    "application/json",
    "application/problem+json;q=0",
    "application/problem+json;q=0.000, text/html",
    "application/problem+json;q=0.1, application/json;q=0.9",
    "application/json;q=0.9, application/problem+json;q=0.1",
    "application/problem+json;q=0.5, */*",
    "application/problem+json;q=0.5, application/*;q=0.6, */*;q=0.1",
    'text/html;title="application/problem+json"',
    "application/problem+jsonx",
    'nonsense, "application/problem+json',
  ])("else as JSON: %s", (accept) => {
    expect(answer(accept)).toBe("application/json");
  });
});

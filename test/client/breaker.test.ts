import { expect, test } from "vitest";
import { createBreaker } from "../../clients/typescript/src/connection/breaker.ts";

test("a circuit that was open long enough admits one call, whose end closes it or opens it again", () => {
  let now = 0;
  const breaker = createBreaker({ failures: 2, openMilliseconds: 100 }, () => now);
  const fail = () => {
    expect(breaker.admit()).toBe(true);
    breaker.end("away");
  };
  fail();
  fail();
  expect(breaker.admit()).toBe(false);
  now = 100;
  expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
  breaker.end("away");
  expect(breaker.admit()).toBe(false);
  now = 200;
  expect(breaker.admit()).toBe(true);
  breaker.end("aborted");
  expect(breaker.admit()).toBe(true);
  breaker.end("answered");
  fail();
  expect(breaker.admit()).toBe(true);
});

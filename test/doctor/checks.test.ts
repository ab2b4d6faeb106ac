import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runChecks } from "../../src/doctor/checks.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("a check that never ends is given up, and the other checks are reported", async () => {
  const checks = [
    { name: "endless", run: () => new Promise<string>(() => {}) },
    { name: "quick", run: async () => "well" },
  ];
  const findings = runChecks(checks);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await findings).toEqual([
    {
      check: "endless",
      status: "failed",
      message: expect.stringMatching(/^no answer within 15 s: look whether/),
    },
    { check: "quick", status: "ok", message: "well" },
  ]);
});

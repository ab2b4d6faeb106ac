import { expect, test } from "vitest";
import { checkInTime } from "../../src/engines/check-in-time.ts";
import type { Engine } from "../../src/engines/engine.ts";
import { createRemoteEngine } from "../scheduler/remote-engine.ts";

const withCheck = (check: Engine["check"]): Engine => ({ ...createRemoteEngine().engine, check });

test("the answer of a check is returned unchanged", async () => {
  expect(await checkInTime(createRemoteEngine().engine)).toEqual({ state: "ok", detail: "a test's own" });
});

test("a check that hangs counts as failing, with a sentence", async () => {
  const engine = withCheck(() => new Promise(() => {}));
  expect(await checkInTime(engine, 0.01)).toEqual({
    state: "failing",
    detail: "The engine remote gave no answer within 0.01 s",
  });
});

test("an error of a check is not shown", async () => {
  const engine = withCheck(() => Promise.reject(new Error("https://user:canary@example.org refused")));
  expect(await checkInTime(engine)).toEqual({ state: "failing", detail: "The engine remote could not be asked" });
});

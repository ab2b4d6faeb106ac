import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { runWithin } from "../../../src/storages/s3/deadline.ts";

/** Work that heeds no signal. */
const deaf = (): Promise<never> => new Promise(() => {});

test("work that heeds no signal is not waited for", async () => {
  await expect(runWithin(10, undefined, deaf)).rejects.toMatchObject({ code: "ETIMEDOUT" });
});

test("a caller who gives up is answered at once, with its own reason, and loses its listener", async () => {
  const caller = new AbortController();
  const running = runWithin(60_000, caller.signal, deaf);
  caller.abort(new Error("the caller has gone"));
  await expect(running).rejects.toThrow("the caller has gone");
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

test("the work is told when its time is over", async () => {
  const told = Promise.withResolvers<unknown>();
  const work = (signal: AbortSignal): Promise<never> => {
    signal.addEventListener("abort", () => told.resolve(signal.reason), { once: true });
    return deaf();
  };
  await expect(runWithin(0, undefined, work)).rejects.toMatchObject({ code: "ETIMEDOUT" });
  expect(await told.promise).toMatchObject({ code: "ETIMEDOUT" });
});

test("work that is done in time gives its result, and leaves no listener behind", async () => {
  const caller = new AbortController();
  expect(await runWithin(60_000, caller.signal, async () => "done")).toBe("done");
  expect(getEventListeners(caller.signal, "abort")).toEqual([]);
});

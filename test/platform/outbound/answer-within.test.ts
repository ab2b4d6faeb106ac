import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { answerWithin } from "../../../src/platform/outbound/answer-within.ts";

describe("answerWithin", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Waits for its signal and never answers. */
  const hang = () => {
    const seen: { signal?: AbortSignal } = {};
    const work = (signal: AbortSignal) => {
      seen.signal = signal;
      return new Promise<string>(() => {});
    };
    return { seen, work };
  };
  const late = () => "late";

  test("returns the answer of the work, and leaves no timer", async () => {
    expect(await answerWithin(5, async () => "answer", late)).toBe("answer");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("rejects with what the work throws, at once or later, and leaves no timer", async () => {
    const fault = new Error("broken");
    await expect(answerWithin(5, () => Promise.reject(fault), late)).rejects.toBe(fault);
    const throwAtOnce = () => {
      throw fault;
    };
    await expect(answerWithin(5, throwAtOnce, late)).rejects.toBe(fault);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("answers at the limit although the work ignores its signal, which aborts", async () => {
    const { seen, work } = hang();
    const answer = answerWithin(5, work, late);
    vi.advanceTimersByTime(4_999);
    expect(seen.signal?.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await answer).toBe("late");
    expect(seen.signal?.reason).toMatchObject({ name: "TimeoutError" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("drops what the work throws after the limit", async () => {
    const { promise, reject } = Promise.withResolvers<string>();
    const answer = answerWithin(5, () => promise, late);
    vi.advanceTimersByTime(5_000);
    reject(new Error("nobody waits for this"));
    expect(await answer).toBe("late");
  });

  test("prefers the answer at the limit to the error of work that heeds its signal", async () => {
    const heed = (signal: AbortSignal) =>
      new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const answer = answerWithin(5, heed, late);
    vi.advanceTimersByTime(5_000);
    expect(await answer).toBe("late");
  });

  test("rejects with what the answer at the limit throws", async () => {
    const fault = new Error("no answer within 5 s");
    const answer = answerWithin(5, hang().work, () => {
      throw fault;
    });
    vi.advanceTimersByTime(5_000);
    await expect(answer).rejects.toBe(fault);
  });

  test("ends with the caller's reason when the caller gives up, before or while the work runs", async () => {
    const caller = new AbortController();
    const { seen, work } = hang();
    const answer = answerWithin(5, work, late, caller.signal);
    const gone = new Error("the caller has gone");
    caller.abort(gone);
    await expect(answer).rejects.toBe(gone);
    expect(seen.signal?.reason).toBe(gone);
    expect(vi.getTimerCount()).toBe(0);
    await expect(answerWithin(5, work, late, caller.signal)).rejects.toBe(gone);
  });
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startDeadline } from "../../src/engines/local/deadline.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([1, 86_400, 30 * 86_400])("a deadline of %d s is reached once, at that time", (seconds) => {
  const onReached = vi.fn();
  startDeadline(seconds, onReached);
  vi.advanceTimersByTime(seconds * 1000 - 1);
  expect(onReached).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onReached).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a cleared deadline is never reached, also days later", () => {
  const onReached = vi.fn();
  const deadline = startDeadline(30 * 86_400, onReached);
  vi.advanceTimersByTime(3 * 86_400_000);
  deadline.clear();
  expect(vi.getTimerCount()).toBe(0);
});

/**
 * Runs work that waits for somebody else (an engine, a resolver, a storage) for a limited time. The answer comes at the
 * limit even when the work ignores its signal: a name lookup, for example, cannot be stopped. Leaves no timer behind.
 *
 * @param seconds the limit; 0 or less ends the work at the next turn of the event loop
 * @param work its signal aborts at the limit, with a `TimeoutError`, or when `caller` aborts; a later result is dropped
 * @param onLate the answer at the limit, called before the signal aborts; may throw
 * @param caller ends the wait early, with its own reason
 * @throws what `work` or `onLate` throws; the reason of `caller`
 * @example
 * await answerWithin(5, (signal) => engine.check(signal), () => ({ state: "failing" }));
 */
export async function answerWithin<Answer>(
  seconds: number,
  work: (signal: AbortSignal) => Promise<Answer>,
  onLate: () => Answer,
  caller?: AbortSignal,
): Promise<Answer> {
  caller?.throwIfAborted();
  const ending = new AbortController();
  const { promise: early, resolve, reject } = Promise.withResolvers<Answer>();
  const timer = setTimeout(() => {
    // Before the signal aborts: the work's own error must not win.
    try {
      resolve(onLate());
    } catch (error) {
      reject(error);
    }
    ending.abort(new DOMException(`Not done within ${seconds} s`, "TimeoutError"));
  }, seconds * 1000);
  const endWithCaller = (): void => {
    reject(caller?.reason);
    ending.abort(caller?.reason);
  };
  caller?.addEventListener("abort", endWithCaller, { once: true });
  try {
    return await Promise.race([early, work(ending.signal)]);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", endWithCaller);
  }
}

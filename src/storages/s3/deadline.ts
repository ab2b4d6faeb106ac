/**
 * Runs `work` for at most the given time, or until the caller's signal aborts. It ends then even when the work ignores its
 * own signal: a name lookup and the SDK's pause before a retry cannot be stopped.
 *
 * @throws an error with the code ETIMEDOUT, the reason of the caller's signal, or what the work throws
 */
export async function runWithin<Result>(
  milliseconds: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  caller?.throwIfAborted();
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    controller.abort(reason);
    reject(reason);
  };
  const endWithCaller = (): void => end(caller?.reason);
  const timer = setTimeout(() => end(createTimeout(milliseconds)), Math.max(0, milliseconds));
  caller?.addEventListener("abort", endWithCaller, { once: true });
  try {
    return await Promise.race([ended, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", endWithCaller);
  }
}

function createTimeout(milliseconds: number): Error {
  return Object.assign(new Error(`Not done within ${Math.round(milliseconds)} ms`), { code: "ETIMEDOUT" });
}

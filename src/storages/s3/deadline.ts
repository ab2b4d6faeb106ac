/**
 * Runs `work` for at most `limitMs`, or until the caller's signal aborts. It answers at that moment even when the work
 * does not heed the signal it gets: a name lookup cannot be stopped, nor can the SDK's pause before it tries again.
 *
 * @throws an error with the code ETIMEDOUT, the reason of the caller's signal, or what the work throws
 */
export async function runWithin<Result>(
  limitMs: number,
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
  const timer = setTimeout(() => end(createTimeout(limitMs)), Math.max(0, limitMs));
  caller?.addEventListener("abort", endWithCaller, { once: true });
  try {
    return await Promise.race([ended, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", endWithCaller);
  }
}

function createTimeout(limitMs: number): Error {
  return Object.assign(new Error(`Not done within ${Math.round(limitMs)} ms`), { code: "ETIMEDOUT" });
}

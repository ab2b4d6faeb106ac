/** A timer waits for at most 2^31 ms, not 25 days, and with more it fires at once. */
const stepSeconds = 86_400;

/** Calls `onReached` once, after as many seconds as wanted, unless it is cleared before. */
export function startDeadline(seconds: number, onReached: () => void): { clear(): void } {
  let timer: NodeJS.Timeout;
  const wait = (leftSeconds: number) => {
    const nextSeconds = Math.min(leftSeconds, stepSeconds);
    timer = setTimeout(
      () => (leftSeconds > nextSeconds ? wait(leftSeconds - nextSeconds) : onReached()),
      nextSeconds * 1000,
    );
  };
  wait(seconds);
  return { clear: () => clearTimeout(timer) };
}

/** A timer waits for at most 2^31 ms (25 days), and fires at once with more. Longer waits are made of days. */
const stepSeconds = 86_400;

/** Calls `onReached` once, after `seconds`, unless cleared before. */
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

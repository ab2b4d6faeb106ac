/** Probes ask every few seconds; what asks more often, as anybody may, costs the database no more. */
const rememberedMilliseconds = 1_000;

/**
 * Asks once a second at most, and once for all that ask meanwhile. What could not be found out is remembered as long.
 *
 * @param now milliseconds, never going back
 */
export function rememberReadiness(
  findUnreadiness: () => Promise<string | null>,
  now: () => number = () => performance.now(),
): () => Promise<string | null> {
  let found: Promise<string | null> | null = null;
  let until = 0;
  return () => {
    if (found !== null && now() < until) return found;
    // Of one that hangs, all wait for the same answer.
    until = Number.POSITIVE_INFINITY;
    found = findUnreadiness().finally(() => {
      until = now() + rememberedMilliseconds;
    });
    return found;
  };
}

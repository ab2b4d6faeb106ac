import type { Monotonic } from "../clock.ts";

/** Probes ask every few seconds. The route is public: callers that ask more often must not cost the database more. */
const keptMilliseconds = 1_000;

/**
 * Remembers an answer for a second. Callers that ask while the question is open wait for the same answer. A failure is
 * remembered as long.
 *
 * @param findUnreadiness why the process cannot serve, in a sentence; null when it can
 */
export function rememberReadiness(
  findUnreadiness: () => Promise<string | null>,
  monotonic: Monotonic,
): () => Promise<string | null> {
  let answer: Promise<string | null> | null = null;
  let until = 0;
  return () => {
    if (answer !== null && monotonic() < until) return answer;
    until = Number.POSITIVE_INFINITY;
    answer = findUnreadiness().finally(() => {
      until = monotonic() + keptMilliseconds;
    });
    return answer;
  };
}

/** The options of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** Calls in a row without an answer that open the circuit. 5 by default. */
  readonly failures?: number | undefined;
  /** How long it stays open, before one call tries EOM again. 5000 by default. */
  readonly openMilliseconds?: number | undefined;
}

/** The result of a call, as the breaker counts it: an aborted call says nothing about EOM. */
export type CallEnd = "answered" | "away" | "aborted";

/** Decides whether a call may be tried. */
export interface Breaker {
  /** Whether the call may be tried; then its end is reported to `end`. */
  admit(): boolean;
  /** Reports the end of a call that was admitted. */
  end(end: CallEnd): void;
}

/** Admits every call. */
export const noBreaker: Breaker = { admit: () => true, end: () => {} };

/**
 * Opens after `failures` calls in a row that found EOM away: calls end at once then. After `openMilliseconds` one call is admitted;
 * its answer closes the circuit, its failure opens it again.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function createBreaker(
  { failures, openMilliseconds }: Required<CircuitBreakerSettings>,
  now: () => number,
): Breaker {
  let inARow = 0;
  let opensUntil = 0;
  let isProbing = false;
  return {
    admit() {
      if (inARow < failures) return true;
      if (isProbing || now() < opensUntil) return false;
      isProbing = true;
      return true;
    },
    end(end) {
      isProbing = false;
      if (end === "aborted") return;
      inARow = end === "away" ? inARow + 1 : 0;
      if (inARow >= failures) opensUntil = now() + openMilliseconds;
    },
  };
}

interface CircuitBreakerSettings {
  readonly failures: number;
  readonly openMilliseconds: number;
}

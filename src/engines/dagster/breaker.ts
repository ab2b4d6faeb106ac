/** Faults in a row that open the breaker. */
const maxFaults = 5;
const firstPauseMilliseconds = 15_000;
const maxPauseMilliseconds = 120_000;

interface BreakerNeeds {
  /** Milliseconds of a monotonic clock. */
  readonly monotonic: () => number;
  /** Sends a cheap request. Rejects if there is no answer. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: (isOpen: boolean) => void;
}

/** The state of a connection: closed while it works, open while it is at fault. */
export interface Breaker {
  /** While open, nobody may send a request. The first call after the pause starts a probe in the background. */
  isOpen(): boolean;
  /** Any answer closes the breaker. */
  noteAnswer(): void;
  /** @param isFinal opens the breaker at once: repeating cannot help, as with a refused credential */
  noteFault(isFinal: boolean): void;
}

/**
 * Creates a circuit breaker: without it, every caller would wait for its own time-out while the connection is at fault. The pause
 * doubles with each failed probe: 15, 30, 60, then 120 s.
 */
export function createBreaker({ monotonic, probe, onChange }: BreakerNeeds): Breaker {
  let faults = 0;
  let isOpen = false;
  let isProbing = false;
  let pauseMilliseconds = firstPauseMilliseconds;
  let probeAt = 0;

  function noteAnswer(): void {
    faults = 0;
    if (!isOpen) return;
    isOpen = false;
    pauseMilliseconds = firstPauseMilliseconds;
    onChange(false);
  }

  function noteFault(isFinal: boolean): void {
    faults += 1;
    // Calls that were under way when the breaker opened, and the probe itself, end here too.
    if (isOpen || (faults < maxFaults && !isFinal)) return;
    isOpen = true;
    probeAt = monotonic() + pauseMilliseconds;
    onChange(true);
  }

  async function tryAgain(): Promise<void> {
    isProbing = true;
    try {
      await probe();
      noteAnswer();
    } catch {
      pauseMilliseconds = Math.min(pauseMilliseconds * 2, maxPauseMilliseconds);
      probeAt = monotonic() + pauseMilliseconds;
    } finally {
      isProbing = false;
    }
  }

  return {
    isOpen() {
      if (isOpen && !isProbing && monotonic() >= probeAt) void tryAgain();
      return isOpen;
    },
    noteAnswer,
    noteFault,
  };
}

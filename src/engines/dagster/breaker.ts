/** Faults in a row after which a connection is left alone. */
const mostFaults = 5;
const shortestPauseMilliseconds = 15_000;
const longestPauseMilliseconds = 120_000;

interface BreakerNeeds {
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number;
  /** Asks the other side something cheap. Rejects if it does not answer. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: (isOpen: boolean) => void;
}

export interface Breaker {
  /** While open, nothing is to be asked. Once its pause is over, it is this question that starts the probe, in the background. */
  isOpen(): boolean;
  noteAnswer(): void;
  /** `isFinal`: more faults would tell nothing new, as of a credential that is refused. */
  noteFault(isFinal: boolean): void;
}

/** Keeps a connection that is at fault from being asked by everyone, each waiting for its time-out. */
export function createBreaker({ monotonic, probe, onChange }: BreakerNeeds): Breaker {
  let faults = 0;
  let isOpen = false;
  let isProbing = false;
  let pause = shortestPauseMilliseconds;
  let probeAt = 0;

  function noteAnswer(): void {
    faults = 0;
    if (!isOpen) return;
    isOpen = false;
    pause = shortestPauseMilliseconds;
    onChange(false);
  }

  function noteFault(isFinal: boolean): void {
    faults += 1;
    // What was under way when it opened, and the probe's own fault, change nothing here.
    if (isOpen || (faults < mostFaults && !isFinal)) return;
    isOpen = true;
    probeAt = monotonic() + pause;
    onChange(true);
  }

  async function tryAgain(): Promise<void> {
    isProbing = true;
    try {
      await probe();
      noteAnswer();
    } catch {
      pause = Math.min(pause * 2, longestPauseMilliseconds);
      probeAt = monotonic() + pause;
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

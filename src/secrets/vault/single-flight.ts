/** Work that runs at most once at a time: whoever asks while it runs gets the result of that run. */
interface SingleFlight<T> {
  run(): Promise<T>;
  isRunning(): boolean;
  /** Waits for the run under way, whatever comes of it. */
  settle(): Promise<void>;
}

/** The next run begins after the one before has ended, never with its result. */
export function createSingleFlight<T>(work: () => Promise<T>): SingleFlight<T> {
  let running: Promise<T> | null = null;
  return {
    run: () => {
      running ??= work().finally(() => {
        running = null;
      });
      return running;
    },
    isRunning: () => running !== null,
    settle: async () => {
      await Promise.allSettled([running]);
    },
  };
}

/** Work that runs at most once at a time. A caller during a run gets the result of that run. */
interface SingleFlight<T> {
  run(): Promise<T>;
  isRunning(): boolean;
  /** Waits for the end of the current run, if there is one, and ignores its result. */
  finish(): Promise<void>;
}

/** Makes `work` run at most once at a time. */
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
    finish: async () => {
      await Promise.allSettled([running]);
    },
  };
}

/**
 * Starts the next turn of loops early when there is work for them. The caller does not know the loops, and nothing depends
 * on it: each loop also takes its turns at its own pace.
 */
export interface WakeUp {
  /** Calls every listener. */
  wake(): void;
  /** For the life of the process. */
  listen(listener: () => void): void;
}

/** One for each process. */
export function createWakeUp(): WakeUp {
  const listeners: (() => void)[] = [];
  return {
    wake() {
      for (const listener of listeners) listener();
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}

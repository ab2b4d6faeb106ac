/** Tells loops that there is something to do, without those who tell knowing the loops. Nothing depends on it: loops come round by themselves. */
export interface WakeUp {
  wake(): void;
  /** For the life of the process. */
  listen(listener: () => void): void;
}

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

import type { Logger } from "../log.ts";
import type { WorkerMetrics } from "./metrics.ts";

const maxBackoffSeconds = 30;

interface LoopNeeds {
  /** Names the loop in logs and metrics. */
  readonly name: string;
  /** The pause between two turns. */
  readonly everySeconds: number;
  /** After this long, the turn's signal aborts; a turn looks at it between its batches. */
  readonly maxTurnSeconds: number;
  /** May be called at any time, and must be harmless when another process does the same. */
  readonly turn: (signal: AbortSignal) => Promise<unknown>;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** A turn again and again, one at a time, until it is stopped. What a turn throws never ends the loop. */
export interface Loop {
  readonly name: string;
  /** Takes the first turn at once. A second call does nothing, also after a stop. */
  start(): void;
  /** The next turn begins at once, or right after the one under way. */
  wake(): void;
  /** Aborts the turn under way and waits for its end. Safe to call twice, and before start. */
  stop(): Promise<void>;
}

export function createLoop(needs: LoopNeeds): Loop {
  const stopping = new AbortController();
  const pause = createPause();
  const faults = createFaultLog(needs);
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      pause.begin();
      const isDone = await takeTurn(needs, stopping.signal, faults);
      await pause.wait(isDone ? needs.everySeconds : toBackoffSeconds(needs.everySeconds, faults.inARow()));
    }
  }

  return {
    name: needs.name,
    start() {
      if (!stopping.signal.aborted) running ??= run();
    },
    wake: pause.end,
    async stop() {
      stopping.abort();
      pause.end();
      await running;
    },
  };
}

async function takeTurn(needs: LoopNeeds, stopping: AbortSignal, faults: FaultLog): Promise<boolean> {
  const { name, metrics } = needs;
  const end = metrics.turnDuration.startTimer({ worker: name });
  try {
    await needs.turn(AbortSignal.any([stopping, AbortSignal.timeout(needs.maxTurnSeconds * 1000)]));
    faults.forget();
    metrics.turns.inc({ worker: name, outcome: "done" });
    return true;
  } catch (error) {
    faults.note(error);
    metrics.turns.inc({ worker: name, outcome: "failed" });
    return false;
  } finally {
    end();
  }
}

/** Doubles with each failure in a row; the random half keeps several processes from coming back together. */
function toBackoffSeconds(everySeconds: number, failures: number): number {
  const seconds = Math.min(maxBackoffSeconds, Math.max(everySeconds, 0.1) * 2 ** Math.min(failures, 10));
  return seconds / 2 + (seconds / 2) * Math.random();
}

type FaultLog = ReturnType<typeof createFaultLog>;

/** The same cause again and again is one line, and its end is another. */
function createFaultLog({ name, log }: LoopNeeds) {
  let failures = 0;
  let lastCause: string | null = null;
  return {
    inARow: () => failures,
    note(error: unknown) {
      failures += 1;
      const cause = toCause(error);
      if (cause !== lastCause) log.error({ worker: name, err: error }, "worker turn failed; it will be tried again");
      lastCause = cause;
    },
    forget() {
      if (failures > 0) log.info({ worker: name, failed_turns: failures }, "worker works again");
      failures = 0;
      lastCause = null;
    },
  };
}

function toCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? `${error.name} ${error.code}` : `${error.name} ${error.message}`;
}

/** A wait that can be ended early; an end that comes after `begin` and before the wait counts. */
function createPause() {
  let isEnded = false;
  let wakeUp: (() => void) | null = null;
  return {
    begin() {
      isEnded = false;
    },
    end() {
      isEnded = true;
      wakeUp?.();
    },
    async wait(seconds: number) {
      if (isEnded) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wakeUp = resolve;
      const timer = setTimeout(resolve, seconds * 1000);
      await promise;
      clearTimeout(timer);
      wakeUp = null;
    },
  };
}

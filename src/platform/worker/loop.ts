import { toBackoffMilliseconds } from "../backoff.ts";
import type { Logger } from "../log.ts";
import type { WorkerMetrics } from "./metrics.ts";

const maxPauseMilliseconds = 30_000;

/** Below this, a loop without a pause of its own would fail in a busy circle. */
const minPauseSeconds = 0.1;

interface LoopNeeds {
  /** Names the loop in logs and metrics. */
  readonly name: string;
  /** The pause between two turns. */
  readonly everySeconds: number;
  /** After this long, the turn's signal aborts; a turn checks it between its batches. */
  readonly maxTurnSeconds: number;
  /** May be called at any time, and must be harmless when another process does the same. */
  readonly turn: (signal: AbortSignal) => Promise<unknown>;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

/** Takes turns, one at a time, until it is stopped. An error of a turn never ends the loop. */
export interface Loop {
  readonly name: string;
  /** Takes the first turn at once. A second call does nothing, nor does a call after stop. */
  start(): void;
  /** Begins the next turn at once, or right after the turn under way. */
  wake(): void;
  /** Aborts the turn under way and waits for its end. Safe to call twice, and before start. */
  stop(): Promise<void>;
}

/** Creates a loop that has not started. Failed turns are retried after a pause that doubles, up to 30 s. */
export function createLoop(needs: LoopNeeds): Loop {
  const stopping = new AbortController();
  const pause = createPause();
  const faults = createFaultLog(needs);
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      pause.begin();
      const isDone = await takeTurn(needs, stopping.signal, faults);
      await pause.wait(isDone ? needs.everySeconds * 1000 : toPauseMilliseconds(needs.everySeconds, faults.count()));
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
    faults.record(error);
    metrics.turns.inc({ worker: name, outcome: "failed" });
    return false;
  } finally {
    end();
  }
}

/** From the usual pause on. */
function toPauseMilliseconds(everySeconds: number, failures: number): number {
  return toBackoffMilliseconds({
    firstMilliseconds: 2 * Math.max(everySeconds, minPauseSeconds) * 1000,
    maxMilliseconds: maxPauseMilliseconds,
    attempt: failures,
    random: Math.random(),
  });
}

type FaultLog = ReturnType<typeof createFaultLog>;

/** Logs a cause that repeats itself once, and its end once. */
function createFaultLog({ name, log }: LoopNeeds) {
  let failures = 0;
  let lastCause: string | null = null;
  return {
    /** Failed turns since the last that succeeded. */
    count: () => failures,
    record(error: unknown) {
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

/** A wait that can be ended early. An end after `begin` and before the wait counts. */
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
    async wait(milliseconds: number) {
      if (isEnded) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wakeUp = resolve;
      const timer = setTimeout(resolve, milliseconds);
      await promise;
      clearTimeout(timer);
      wakeUp = null;
    },
  };
}

import { url as findInspectorUrl } from "node:inspector";
import { Worker } from "node:worker_threads";

const tickMilliseconds = 1_000;

/** Cells of the memory that both threads share. */
const beats = 0;
const debugging = 1;
const never = 2;
const written = 3;

/** For a thread that only waits. With less, V8 cannot start one. */
const memoryLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };

interface ThreadData {
  readonly cells: Int32Array<SharedArrayBuffer>;
  readonly indexes: Readonly<Record<"beats" | "debugging" | "never" | "written", number>>;
  readonly tickMilliseconds: number;
  readonly limitTicks: number;
  readonly line: string;
}

/** Counts the seconds in which the event loop of this process stands still. */
export interface Watchdog {
  /** Stops counting. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Ends the process with SIGKILL, and a line on standard error, when its event loop stands still: then no timer, no signal and no
 * health check of its own works. Its supervisor starts it again. A thread counts its own ticks of a second in which the loop did not
 * beat, so a suspended machine or process adds one tick at most. A process with an open debugger is left alone.
 *
 * @param limitSeconds longer than any statement of the embedded database takes
 * @param advice ends the line: what to look at
 */
export function startWatchdog(limitSeconds: number, advice: string): Watchdog {
  const cells = new Int32Array(new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT));
  const beat = () => {
    Atomics.store(cells, debugging, findInspectorUrl() === undefined ? 0 : 1);
    Atomics.add(cells, beats, 1);
  };
  beat();
  const timer = setInterval(beat, tickMilliseconds).unref();
  const line = `eom: the event loop has stood still for ${limitSeconds} s, so the watchdog ends this process. ${advice}\n`;
  // As text, so that the thread loads no module of EOM, and is the same in a bundle. It gets none of the secrets of the environment.
  const thread = new Worker(`(${countTicks.toString()})()`, {
    eval: true,
    workerData: {
      cells,
      indexes: { beats, debugging, never, written },
      tickMilliseconds,
      limitTicks: Math.ceil((limitSeconds * 1000) / tickMilliseconds),
      line,
    } satisfies ThreadData,
    resourceLimits: memoryLimits,
    execArgv: [],
    env: {},
  });
  thread.unref();
  return {
    async stop() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}

/** Runs in the thread. Refers to nothing outside of itself. */
function countTicks(): void {
  const { Worker, workerData } = process.getBuiltinModule("node:worker_threads");
  const { cells, indexes, tickMilliseconds: tick, limitTicks, line } = workerData as ThreadData;
  let last = -1;
  for (let still = 0; still < limitTicks; ) {
    Atomics.wait(cells, indexes.never, 0, tick);
    const now = Atomics.load(cells, indexes.beats);
    still = now === last && Atomics.load(cells, indexes.debugging) === 0 ? still + 1 : 0;
    last = now;
  }
  // By a thread of its own, because a write waits for ever when nobody reads.
  const write = `const { cells, written, line } = require("node:worker_threads").workerData;
    require("node:fs").writeSync(2, line);
    Atomics.store(cells, written, 1);
    Atomics.notify(cells, written);`;
  new Worker(write, { eval: true, workerData: { cells, written: indexes.written, line }, execArgv: [], env: {} });
  Atomics.wait(cells, indexes.written, 0, tick);
  process.kill(process.pid, "SIGKILL");
}

import type { Loop } from "./platform/worker/loop.ts";
import type { TickName, TickSummary } from "./scheduler/tick.ts";
import type { SchedulerWorkers } from "./scheduler/workers.ts";

const maxTurnSeconds = 60;

/** All that works in the background, under the names of the contract. */
export interface Workers {
  start(names: readonly TickName[]): Promise<void>;
  /** One turn, as a timer elsewhere calls it. */
  tick(name: TickName): Promise<TickSummary>;
  /** Waits for the turns under way. Safe to call twice. */
  stop(): Promise<void>;
}

interface WorkersNeeds {
  readonly scheduler: SchedulerWorkers;
  /** The rooms' own cleaning up, which belongs to `sweep`: as a loop, and as the turn it takes. */
  readonly cleaning: { readonly loop: Loop; turn(signal: AbortSignal): Promise<TickSummary> };
}

export function createWorkers({ scheduler, cleaning }: WorkersNeeds): Workers {
  return {
    async start(names) {
      // An empty list would be all loops to the scheduler.
      if (names.length === 0) return;
      await scheduler.start(names);
      if (names.includes("sweep")) cleaning.loop.start();
    },
    async tick(name) {
      const signal = AbortSignal.timeout(maxTurnSeconds * 1000);
      const summary = await scheduler.turn(name, signal);
      return name === "sweep" ? { ...summary, ...(await cleaning.turn(signal)) } : summary;
    },
    async stop() {
      await Promise.all([scheduler.stop(), cleaning.loop.stop()]);
    },
  };
}

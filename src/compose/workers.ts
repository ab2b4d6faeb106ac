import type { NotificationWorkers } from "../notifications/workers.ts";
import type { Loop } from "../platform/worker/loop.ts";
import { type TickSummary, tickNames } from "../scheduler/tick.ts";
import type { SchedulerWorkers } from "../scheduler/workers.ts";

const maxTurnSeconds = 60;

/** What a process may be told to do, or `eom tick` to do once. */
export const workerNames = [...tickNames, "notify"] as const;

export type WorkerName = (typeof workerNames)[number];

/** All that works in the background, under the names of the contract. */
export interface Workers {
  start(names: readonly WorkerName[]): Promise<void>;
  /** One turn, as a timer elsewhere calls it. Runs that it launched in this process go on. */
  tick(name: WorkerName): Promise<TickSummary>;
  /** Waits for the end of the runs that live in this process, and records it. */
  seeRunsThrough(): Promise<void>;
  /** Waits for the turns under way. Safe to call twice. */
  stop(): Promise<void>;
}

interface WorkersNeeds {
  readonly scheduler: SchedulerWorkers;
  readonly notifications: NotificationWorkers;
  /** The rooms' own cleaning up, which belongs to `sweep`: as a loop, and as the turn it takes. */
  readonly cleaning: { readonly loop: Loop; turn(signal: AbortSignal): Promise<TickSummary> };
}

export function createWorkers({ scheduler, notifications, cleaning }: WorkersNeeds): Workers {
  return {
    async start(names) {
      const ticks = names.filter((name) => name !== "notify");
      // An empty list would be all loops to the scheduler.
      if (ticks.length > 0) await scheduler.start(ticks);
      if (names.includes("notify")) notifications.start();
      if (names.includes("sweep")) cleaning.loop.start();
    },
    async tick(name) {
      const signal = AbortSignal.timeout(maxTurnSeconds * 1000);
      if (name === "notify") return { ...(await notifications.turn(signal)) };
      const summary = await scheduler.turn(name, signal);
      return name === "sweep" ? { ...summary, ...(await cleaning.turn(signal)) } : summary;
    },
    seeRunsThrough: scheduler.seeRunsThrough,
    async stop() {
      await Promise.all([scheduler.stop(), notifications.stop(), cleaning.loop.stop()]);
    },
  };
}

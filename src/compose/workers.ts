import type { NotificationWorkers } from "../notifications/workers.ts";
import type { Loop } from "../platform/worker/loop.ts";
import type { TickSummary } from "../scheduler/tick.ts";
import type { SchedulerWorkers } from "../scheduler/workers.ts";
import type { RowSweep } from "./sweep.ts";
import type { WorkerName } from "./worker-names.ts";

const maxTurnSeconds = 60;

/** All background work of a process, by the names of the contract. */
export interface Workers {
  start(names: readonly WorkerName[]): Promise<void>;
  /** One turn, as an external timer calls it. Runs that it launched in this process go on. */
  tick(name: WorkerName): Promise<TickSummary>;
  /** Waits for the end of the runs of this process, and records it. */
  seeRunsThrough(): Promise<void>;
  /** Waits for the turns under way. Safe to call twice. */
  stop(): Promise<void>;
}

interface WorkersNeeds {
  readonly scheduler: SchedulerWorkers;
  readonly notifications: NotificationWorkers;
  /** The part of `sweep` that deletes old rows: as a loop, and as a single turn. */
  readonly rowSweep: RowSweep;
  /** Compares the clocks, in every process. */
  readonly clockLoop: Loop;
}

/** Joins the workers of the rooms. */
export function createWorkers({ scheduler, notifications, rowSweep, clockLoop }: WorkersNeeds): Workers {
  return {
    async start(names) {
      clockLoop.start();
      const schedulerNames = names.filter((name) => name !== "notify");
      // Without names, the scheduler would start all its loops.
      if (schedulerNames.length > 0) await scheduler.start(schedulerNames);
      if (names.includes("notify")) notifications.start();
      if (names.includes("sweep")) rowSweep.loop.start();
    },
    async tick(name) {
      const signal = AbortSignal.timeout(maxTurnSeconds * 1000);
      if (name === "notify") return { ...(await notifications.turn(signal)) };
      const summary = await scheduler.turn(name, signal);
      return name === "sweep" ? { ...summary, ...(await rowSweep.turn(signal)) } : summary;
    },
    seeRunsThrough: scheduler.seeRunsThrough,
    async stop() {
      await Promise.all([scheduler.stop(), notifications.stop(), rowSweep.loop.stop(), clockLoop.stop()]);
    },
  };
}

import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { createId } from "../platform/id.ts";
import { answerWithin } from "../platform/outbound/answer-within.ts";
import { createLoop } from "../platform/worker/loop.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import type { WakeUp } from "../platform/worker/wake-up.ts";
import type { SchedulerContext } from "./context.ts";
import { createMendPosition } from "./mend/position.ts";
import { expireOtherLeases, handBackLeases, handBackRuns } from "./renew/leases.ts";
import { createRowPages } from "./row-pages.ts";
import { sweepLeases } from "./sweep/sweep.ts";
import { steps, type TickSummary, tick, wokenByWork } from "./tick.ts";
import { type TickName, tickNames } from "./tick-names.ts";

type SharedContext = Pick<
  SchedulerContext,
  "db" | "clock" | "clockGuard" | "log" | "metrics" | "engines" | "storages" | "schedules" | "sessions"
>;

interface WorkersNeeds extends SharedContext {
  readonly workerMetrics: WorkerMetrics;
  readonly wakeUp: WakeUp;
  /** No other process can open the database, so leases of other processes are expired at the start. */
  readonly isOnlyProcess: boolean;
}

/** The background work of one process. */
export interface SchedulerWorkers {
  /** Starts the loops of these workers, or of all. */
  start(only?: readonly TickName[]): Promise<void>;
  /** Waits for the turns under way, ends the runs of this process and records their ends. Safe to call twice. */
  stop(): Promise<void>;
  /**
   * One turn, without loops. Leases of runs that outlive processes are kept only by `poll`; after other turns another process
   * has them at once. Runs that it launched in this process go on, and need {@link seeRunsThrough}.
   */
  turn(name: TickName, signal: AbortSignal): Promise<TickSummary>;
  /** Waits for the end of the runs of this process, and records it. Concurrent calls wait together. */
  seeRunsThrough(): Promise<void>;
}

const maxTurnSeconds = 20;
const leaseSeconds = 60;
const scanBatchSize = 1000;
/** Longer than the pause between two scans. */
const punctualSeconds = 10;

/** The pause between two polls while this process waits for its runs to end. */
const finalPollPauseSeconds = 1;

/**
 * Turns under way end by themselves within this, but for calls of an engine that does not answer. Those are aborted then: with the
 * end of local runs (13 s) and the last poll, a stop takes 25 s at most.
 */
const turnEndSeconds = 5;

/** The last poll records the ends of the runs that a stop has ended; it must fit into what is left of the stop's time. */
const lastPollSeconds = 5;

/** Creates the loops of all steps without starting them. One for a process: it names the process in its leases. */
export function createSchedulerWorkers(needs: WorkersNeeds): SchedulerWorkers {
  const { db, engines, log } = needs;
  const context = createContext(needs);
  const loops = createLoops(context, needs);
  let stopped: Promise<void> | null = null;
  let seeing: Promise<void> | null = null;

  const pollOwnRuns = (seconds: number) =>
    tick("poll", withoutDurableEngines(context), AbortSignal.timeout(seconds * 1000));

  /** Until every run of this process was over before the last poll: the polls renew the leases and record the ends. */
  async function pollUntilOver(): Promise<void> {
    const listHeld = () => engines.all.flatMap((engine) => engine.held());
    let over = new Set<string>();
    while (!listHeld().every(({ runId }) => over.has(runId))) {
      await pauseWhileRunning();
      over = new Set(listHeld().flatMap(({ runId, isOver }) => (isOver ? [runId] : [])));
      await pollOwnRuns(maxTurnSeconds);
    }
  }

  async function pauseWhileRunning(): Promise<void> {
    const pause = new AbortController();
    const timeout = delay(finalPollPauseSeconds * 1000, undefined, { signal: pause.signal }).catch(() => {});
    await Promise.race([Promise.all(engines.all.map((engine) => engine.waitUntilIdle())), timeout]);
    pause.abort();
  }

  async function stop(): Promise<void> {
    await answerWithin(
      turnEndSeconds,
      () => loops.stop(),
      () => {},
    );
    await Promise.all(engines.all.flatMap((engine) => (engine.durable ? [engine.close()] : [])));
    await loops.stop();
    await Promise.all(engines.all.map((engine) => engine.close()));
    try {
      await pollOwnRuns(lastPollSeconds);
      await handBackLeases(db, context.lease);
    } catch (error) {
      // The database is away. The leases expire, and a sweep of another process sees that the runs ended with this process.
      log.error({ err: error }, "the ends of this process's runs could not be recorded");
    }
  }

  return {
    async start(only = tickNames) {
      if (needs.isOnlyProcess) await expireOtherLeases(db, context.lease.owner);
      loops.start(only);
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
    async turn(name, signal) {
      // Processes of single turns come and go: runs that the last one left are taken over before they are polled.
      if (name === "poll") await sweepLeases(context, signal);
      try {
        return await tick(name, context, signal);
      } finally {
        // A process that only picks or sweeps would keep its leases between its turns and poll none of the runs.
        if (name === "pick" || name === "sweep") await handBackDurableRuns(context);
      }
    },
    seeRunsThrough() {
      seeing ??= pollUntilOver().finally(() => {
        seeing = null;
      });
      return seeing;
    },
  };
}

function createContext({
  workerMetrics: _,
  wakeUp: __,
  isOnlyProcess: ___,
  ...shared
}: WorkersNeeds): SchedulerContext {
  return {
    ...shared,
    rowPages: createRowPages(),
    mendPosition: createMendPosition(),
    lease: { owner: `${hostname()}/${process.pid}/${createId()}`, seconds: leaseSeconds },
    scan: { batchSize: scanBatchSize, punctualSeconds },
  };
}

/** A loop for every turn of every step. A turn wakes the steps that it made work for. */
function createLoops(context: SchedulerContext, { log, workerMetrics, wakeUp }: WorkersNeeds) {
  const loops = steps.flatMap(({ name, of, listTurns }) =>
    listTurns(context).map((turn) => ({ step: name, of, loop: createTurnLoop(turn) })),
  );

  function createTurnLoop({ name, everySeconds, take }: ReturnType<(typeof steps)[number]["listTurns"]>[number]) {
    const turn = async (signal: AbortSignal) => wake((await take(signal)).wakes);
    return createLoop({ name, everySeconds, maxTurnSeconds, turn, log, metrics: workerMetrics });
  }

  function wake(names: typeof wokenByWork): void {
    for (const { step, loop } of loops) if (names.includes(step)) loop.wake();
  }

  wakeUp.listen(() => wake(wokenByWork));
  return {
    start(only: readonly TickName[]) {
      for (const { of, loop } of loops) if (of.some((name) => only.includes(name))) loop.start();
    },
    async stop() {
      await Promise.all(loops.map(({ loop }) => loop.stop()));
    },
  };
}

/** Durable runs go on without this process, and their next holder polls their ends. */
function withoutDurableEngines(context: SchedulerContext): SchedulerContext {
  return { ...context, engines: { ...context.engines, all: context.engines.all.filter(({ durable }) => !durable) } };
}

/** Launches of another turn that are under way keep their leases. */
async function handBackDurableRuns({ db, lease, engines }: SchedulerContext): Promise<void> {
  const durable = engines.all.flatMap(({ name, durable }) => (durable ? [name] : []));
  if (durable.length > 0) await handBackRuns(db, lease, durable);
}

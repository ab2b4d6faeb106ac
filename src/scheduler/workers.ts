import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { BulkNeeds } from "../bulk/carry-out.ts";
import { createEngines, type Engines } from "../engines/registry.ts";
import type { StoragesForRuns } from "../engines/run-storage.ts";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/database/tables.ts";
import { createId } from "../platform/id.ts";
import type { Logger } from "../platform/log.ts";
import { createLoop, type Loop } from "../platform/worker/loop.ts";
import type { WorkerMetrics } from "../platform/worker/metrics.ts";
import type { WakeUp } from "../platform/worker/wake-up.ts";
import type { SchedulerMetrics } from "./metrics.ts";
import { expireForeignLeases, handBackLeases, handBackRuns } from "./renew/leases.ts";
import { watchDoubtfulLaunches } from "./search/doubtful-launches.ts";
import { sweepLeases } from "./sweep/sweep.ts";
import { type TickName, type TickNeeds, type TickSummary, tickNames, ticks } from "./tick.ts";

interface WorkersNeeds {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly engines: Engines;
  readonly storages: StoragesForRuns;
  /** The use cases that bulk actions go through. */
  readonly schedules: BulkNeeds["schedules"];
  readonly sessions: BulkNeeds["sessions"];
  readonly metrics: SchedulerMetrics;
  readonly workerMetrics: WorkerMetrics;
  readonly wakeUp: WakeUp;
  /** No other process can hold the database while we do, so what others have leased can be taken at once. */
  readonly isOnlyProcess: boolean;
  /** See {@link ScanSettings}: more than the pause between two scans, wherever they come from. */
  readonly punctualSeconds?: number;
}

export interface SchedulerWorkers {
  /** Starts these loops, or all. */
  start(only?: readonly TickName[]): Promise<void>;
  /** Waits for the turns under way, ends the runs that live in this process and records their end. Safe to call twice. */
  stop(): Promise<void>;
  /**
   * One turn, without loops. Of runs that outlive processes it keeps no lease but for a poll: whoever polls has them at once.
   * What it launched in this process goes on, and wants {@link seeRunsThrough}.
   */
  turn(name: TickName, signal: AbortSignal): Promise<TickSummary>;
  /** Waits for the end of the runs that live in this process, and records it. Calls beside each other wait together. */
  seeRunsThrough(): Promise<void>;
}

const everySeconds: Readonly<Record<TickName, number>> = {
  scan: 1,
  backfill: 2,
  bulk: 2,
  pick: 1,
  poll: 1,
  "auto-disable": 15,
  sweep: 15,
};

const maxTurnSeconds = 20;
const leaseSeconds = 60;
const scanBatchSize = 1000;
const defaultPunctualSeconds = 10;

/** The last poll, which tells how the runs ended that we ended ourselves, must fit into what is left of a stop. */
const lastPollSeconds = 5;

export function createSchedulerWorkers(workers: WorkersNeeds): SchedulerWorkers {
  const { db, clock, log, engines, storages, schedules, sessions, metrics } = workers;
  const needs: TickNeeds = {
    db,
    clock,
    log,
    engines,
    storages,
    schedules,
    sessions,
    metrics,
    lease: { owner: `${hostname()}/${process.pid}/${createId()}`, seconds: leaseSeconds },
    scan: { batchSize: scanBatchSize, punctualSeconds: workers.punctualSeconds ?? defaultPunctualSeconds },
  };
  const loops = tickNames.flatMap((name) =>
    listTurns(needs, name).map((turn) => createTickLoop(workers, turn, run(turn))),
  );
  const wake = (...names: TickName[]) => {
    for (const { tick, loop } of loops) if (names.includes(tick)) loop.wake();
  };
  workers.wakeUp.listen(() => wake("backfill", "bulk", "pick", "poll"));
  let stopped: Promise<void> | null = null;
  let seeing: Promise<void> | null = null;

  function run({ take }: Turn) {
    return async (signal: AbortSignal) => {
      const summary = await take(signal);
      // New sessions, or new room in the engine.
      if ((summary["sessions"] ?? 0) + (summary["ended"] ?? 0) + (summary["requeued"] ?? 0) > 0) wake("pick");
      if ((summary["acted"] ?? 0) > 0) wake("pick", "poll");
      // A backfill has room again.
      if ((summary["ended"] ?? 0) > 0) wake("backfill");
    };
  }

  /** Polls until every run of this process was over before the last poll: their leases are kept alive, and their ends recorded. */
  async function pollUntilOver(): Promise<void> {
    const listHeld = () => engines.all.flatMap((engine) => engine.held());
    let over = new Set<string>();
    while (!listHeld().every(({ runId }) => over.has(runId))) {
      await settleOrPause();
      over = new Set(listHeld().flatMap(({ runId, isOver }) => (isOver ? [runId] : [])));
      await ticks.poll(onlyHere(needs), AbortSignal.timeout(maxTurnSeconds * 1000));
    }
  }

  async function settleOrPause(): Promise<void> {
    const pause = new AbortController();
    const over = delay(everySeconds.poll * 1000, undefined, { signal: pause.signal }).catch(() => {});
    await Promise.race([Promise.all(engines.all.map((engine) => engine.waitUntilIdle())), over]);
    pause.abort();
  }

  async function stop(): Promise<void> {
    await Promise.all(loops.map(({ loop }) => loop.stop()));
    await Promise.all(engines.all.map((engine) => engine.close()));
    try {
      await ticks.poll(onlyHere(needs), AbortSignal.timeout(lastPollSeconds * 1000));
      await handBackLeases(db, needs.lease);
    } catch (error) {
      // The database is away. Our leases run out by themselves, and a sweep elsewhere sees what has ended with us.
      log.error({ err: error }, "the end of this process's runs could not be recorded");
    }
  }

  return {
    async start(only = tickNames) {
      if (workers.isOnlyProcess) await expireForeignLeases(db, needs.lease.owner);
      for (const { tick, loop } of loops) if (only.includes(tick)) loop.start();
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
    async turn(name, signal) {
      // Turns come and go with their processes: what the last one left is taken over before it is asked about.
      if (name === "poll") await sweepLeases(needs, signal);
      try {
        return await ticks[name](needs, signal);
      } finally {
        // A process that only picks or sweeps lives on between its turns, renews what it holds, and asks about none of it.
        if (name === "pick" || name === "sweep") await handOverRuns(needs);
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

/** What one loop does. */
interface Turn {
  readonly tick: TickName;
  readonly name: string;
  readonly everySeconds: number;
  take(signal: AbortSignal): Promise<TickSummary>;
}

/**
 * Pick and poll have a loop for each engine, and so has what the sweep asks engines: one that answers slowly holds up no other, and
 * not the leases.
 */
function listTurns(needs: TickNeeds, tick: TickName): Turn[] {
  const every = everySeconds[tick];
  const { all } = needs.engines;
  switch (tick) {
    case "pick":
    case "poll":
      return all.map((engine) => ({
        tick,
        name: `${tick} ${engine.name}`,
        everySeconds: tick === "poll" ? engine.pollSeconds : every,
        take: (signal) => ticks[tick]({ ...needs, engines: createEngines([engine], engine.name) }, signal),
      }));
    case "sweep":
      return [
        { tick, name: tick, everySeconds: every, take: (signal) => sweepLeases(needs, signal) },
        ...all.map((engine) => ({
          tick,
          name: `watch ${engine.name}`,
          everySeconds: every,
          take: async () => ({ duplicates: await watchDoubtfulLaunches({ ...needs, engine }) }),
        })),
      ];
    default:
      return [{ tick, name: tick, everySeconds: every, take: (signal) => ticks[tick](needs, signal) }];
  }
}

/** The runs that live elsewhere go on without us, and whoever takes them over hears of their ends. */
function onlyHere(needs: TickNeeds): TickNeeds {
  const here = needs.engines.all.filter(({ durable }) => !durable);
  return { ...needs, engines: { ...needs.engines, all: here } };
}

function createTickLoop(
  { log, workerMetrics }: WorkersNeeds,
  { tick, name, everySeconds }: Turn,
  turn: (signal: AbortSignal) => Promise<void>,
): { readonly tick: TickName; readonly loop: Loop } {
  return { tick, loop: createLoop({ name, everySeconds, maxTurnSeconds, turn, log, metrics: workerMetrics }) };
}

/** The launches of another turn that are under way stay ours. */
async function handOverRuns({ db, lease, engines }: TickNeeds): Promise<void> {
  const elsewhere = engines.all.flatMap(({ name, durable }) => (durable ? [name] : []));
  if (elsewhere.length > 0) await handBackRuns(db, lease, elsewhere);
}

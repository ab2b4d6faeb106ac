import { setTimeout as delay } from "node:timers/promises";
import type { CostBench } from "./capacity-costs.ts";
import {
  emptyScheduler,
  fillDueSchedules,
  fillTimedSessions,
  releaseSessions,
  sessionTables,
} from "./capacity-fill.ts";
import { beyondIdle, divideTables, measureIdle } from "./capacity-idle.ts";
import { addCost, type Cost, type Costs, fitBatches, type Sample } from "./capacity-model.ts";
import { measureRemoval } from "./capacity-removal.ts";

type WorkerWork = "idleWorker" | "scannedSchedule" | "openedSlot" | "sessionBatch" | "session" | "removedSession";

interface WorkerCosts {
  readonly costs: Pick<Costs, WorkerWork>;
  /** Bytes, by table. */
  readonly keptBySession: ReadonlyMap<string, number>;
}

const trickleASecond = 20;
const slotsEach = 10;

/** What a scheduler's work costs, from a slot to its removal. */
export async function measureWorkerCosts(bench: CostBench): Promise<WorkerCosts> {
  const { sessions, trickleSeconds } = bench.settings;
  const scanned = fitBatches(
    await scanRound(bench, sessions, 1),
    await scanRound(bench, sessions / slotsEach, slotsEach),
  );
  const idle = await measureIdleWorker(bench);
  const trickle = { count: trickleASecond * trickleSeconds, eachSecond: trickleASecond };
  const few = await workOff(bench, idle, trickle);
  const many = await workOff(bench, idle, { count: sessions, eachSecond: sessions });
  const { batch, unit } = fitBatches(
    { batches: trickleSeconds, units: trickle.count, spent: few.worked },
    { batches: sessions / 500, units: sessions, spent: many.worked },
  );
  return {
    costs: {
      idleWorker: idle,
      scannedSchedule: scanned.batch,
      openedSlot: scanned.unit,
      sessionBatch: batch,
      session: addCost(unit, many.tidied, 1 / sessions),
      removedSession: await measureRemoval(bench, "sessions"),
    },
    keptBySession: many.kept,
  };
}

/** The second scan counts: the first opens one slot of each and warms up. */
async function scanRound({ site, hand }: CostBench, schedules: number, slotsEach: number): Promise<Sample> {
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 86_400_000);
  const policy = { misfire: "all", max_catch_up: slotsEach } as const;
  await fillDueSchedules(site.db, site.url, { count: schedules, at, policy });
  await hand.order({ order: "scan", at: at.toISOString() });
  await site.meter.tidy(sessionTables);
  const later = new Date(at.getTime() + slotsEach * 60_000);
  const units = schedules * slotsEach;
  const spent = await site.meter.spend([hand.readCpu], async () => {
    const opened = await hand.order({ order: "scan", at: later.toISOString() });
    if (opened !== units) throw new Error(`${opened} sessions in place of ${units}`);
  });
  const tidied = await site.meter.tidy(sessionTables);
  return { batches: schedules, units, spent: addCost(spent.cost, tidied.cost) };
}

async function measureIdleWorker({ site, idlePostgres, settings }: CostBench): Promise<Cost> {
  await emptyScheduler(site.db);
  await using worker = await site.startWorker();
  await worker.order({ order: "start", scans: true });
  await delay(Math.min(2, settings.idleSeconds) * 1000);
  return addCost(await measureIdle(site.meter, [worker.readCpu], settings.idleSeconds), idlePostgres, -1);
}

const mostWarm = 2_000;

/** Some sessions warm up, are worked off and not counted; the others come after a pause. */
async function workOff(bench: CostBench, idleWorker: Cost, sessions: { count: number; eachSecond: number }) {
  const { site, idlePostgres } = bench;
  await using worker = await site.startWorker();
  const warm = Math.min(mostWarm, sessions.count);
  await fillTimedSessions(site.db, warm, sessions.count);
  await worker.order({ order: "start", scans: true });
  await worker.order({ order: "work", sessions: warm });
  await releaseSessions(site.db, sessions.eachSecond);
  await site.meter.tidy(sessionTables);
  const spent = await site.meter.spend([worker.readCpu], () =>
    worker.order({ order: "work", sessions: warm + sessions.count }),
  );
  const tidied = await site.meter.tidy(sessionTables);
  return {
    worked: beyondIdle(spent, [idlePostgres, idleWorker]),
    tidied: tidied.cost,
    kept: divideTables(spent, tidied, sessions.count),
  };
}

import { setTimeout as delay } from "node:timers/promises";
import type { MeasuredCosts } from "./capacity-costs.ts";
import { fillDueSchedules, fillTimedSessions, releaseSessions, sessionTables } from "./capacity-fill.ts";
import type { ReadCpu, Spent } from "./capacity-meter.ts";
import {
  addCost,
  type Cost,
  mapCost,
  predict,
  type Rates,
  toRequestsAStatement,
  toSessionBatches,
} from "./capacity-model.ts";
import { type Api, lanes, type Site, type Worker } from "./capacity-site.ts";
import type { Stream } from "./open-load.ts";

export interface CheckSettings {
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Share of the mixes' rates that is offered. */
  readonly scale: number;
}

/** A mix that was offered, beside what the model says of it. */
export interface Checked {
  readonly name: string;
  /** What came, a second. */
  readonly rates: Rates;
  readonly predicted: Cost;
  /** With as many statements of admission as were counted: what the costs say when the batches are known. */
  readonly predictedAsCounted: Cost;
  readonly measured: Cost;
  readonly predictedRequestsAStatement: number;
  readonly measuredRequestsAStatement: number;
}

interface CheckBench {
  readonly site: Site;
  readonly api: Api;
  /** Without loops. */
  readonly hand: Worker;
  readonly settings: CheckSettings;
}

/** Offers two mixes that no cost was fitted to. */
export async function checkModel(bench: CheckBench, costs: MeasuredCosts): Promise<Checked[]> {
  return [await checkSessionsAndOrders(bench, costs), await checkCatchUp(bench, costs)];
}

const touchedTables = [
  ...sessionTables,
  "eom_user_quota",
  "eom_metering_answer",
  "eom_quota_ledger",
  "eom_storage",
  "eom_storage_collection",
  "eom_audit",
];

/** Sessions of as many schedules, due at whole seconds; orders of 10,000 users; reads. */
async function checkSessionsAndOrders({ site, api, settings }: CheckBench, costs: MeasuredCosts): Promise<Checked> {
  const { seconds, warmSeconds, scale } = settings;
  const { get, consume } = site.requests;
  const eachSecond = 300 * scale;
  const streams = [
    { ...consume(10_000), rate: 600 * scale },
    { ...get, rate: 300 * scale },
  ];
  await using worker = await site.startWorker();
  const [warm, count] = [eachSecond * warmSeconds, eachSecond * seconds];
  await fillTimedSessions(site.db, warm, count);
  await worker.order({ order: "start", scans: true });
  await Promise.all([worker.order({ order: "work", sessions: warm }), api.offer(warmSeconds, streams)]);
  await site.meter.tidy(touchedTables);
  await releaseSessions(site.db, eachSecond);
  const offered = await offer(site, api, [worker.readCpu], seconds, streams, async () => {
    await worker.order({ order: "work", sessions: warm + count });
  });
  const [admissions = 0, gets = 0] = offered.rates;
  const session = count / offered.spent.seconds;
  return judge("A: sessions, orders of 10,000 users, reads", costs, offered, {
    idleWorker: 1,
    session,
    sessionBatch: toSessionBatches(session),
    admission: admissions,
    get: gets,
  });
}

const slotsEach = 50;

/** A scan each second that opens 50 slots of each of a few schedules, which are worked off; orders of 100 users; lists; creates. */
async function checkCatchUp({ site, api, hand, settings }: CheckBench, costs: MeasuredCosts): Promise<Checked> {
  const { seconds, warmSeconds, scale } = settings;
  const { list, create, consume } = site.requests;
  const schedules = Math.max(1, Math.round(4 * scale));
  const streams = [
    { ...consume(100), rate: 400 * scale },
    { ...list, rate: 150 * scale },
    { ...create, rate: 10 * scale },
  ];
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 10 * 86_400_000);
  const policy = { misfire: "all", max_catch_up: slotsEach, overlap: "allow" } as const;
  await fillDueSchedules(site.db, site.url, { count: schedules, at, policy });
  await using worker = await site.startWorker();
  const scan = createCatchUp(hand, at);
  await worker.order({ order: "start", scans: false });
  const [, warm] = await Promise.all([api.offer(warmSeconds, streams), scan(warmSeconds)]);
  await worker.order({ order: "work", sessions: warm });
  await site.meter.tidy(touchedTables);
  let opened = 0;
  const offered = await offer(site, api, [worker.readCpu, hand.readCpu], seconds, streams, async () => {
    opened = await scan(seconds);
    await worker.order({ order: "work", sessions: warm + opened });
  });
  const [admissions = 0, lists = 0, creates = 0] = offered.rates;
  const session = opened / offered.spent.seconds;
  return judge("B: 50 slots of each schedule, orders of 100 users, lists, creates", costs, offered, {
    idleWorker: 1,
    scannedSchedule: session / slotsEach,
    openedSlot: session,
    session,
    sessionBatch: toSessionBatches(session),
    admission: admissions,
    list: lists,
    create: creates,
  });
}

/** Once a second it is fifty minutes later. @returns how many sessions were opened */
function createCatchUp(hand: Worker, first: Date) {
  let minutes = -1;
  return async (seconds: number): Promise<number> => {
    const startedAt = performance.now();
    let opened = 0;
    for (let second = 0; second < seconds; second += 1) {
      minutes += slotsEach;
      const at = new Date(first.getTime() + minutes * 60_000);
      opened += await hand.order({ order: "scan", at: at.toISOString() });
      await delay(Math.max(0, startedAt + (second + 1) * 1000 - performance.now()));
    }
    return opened;
  };
}

interface OfferedMix {
  readonly spent: Spent;
  readonly tidied: Cost;
  /** Of each stream, a second. */
  readonly rates: readonly number[];
  readonly requestsAStatement: number;
}

async function offer(
  site: Site,
  api: Api,
  workers: readonly ReadCpu[],
  seconds: number,
  streams: readonly Stream[],
  beside: () => Promise<void>,
): Promise<OfferedMix> {
  const before = await api.countStatements();
  let requests: readonly number[] = [];
  const spent = await site.meter.spend([api.cpuMicroseconds, ...workers], async () => {
    const [offered] = await Promise.all([api.offer(seconds, streams), beside()]);
    requests = offered.requests;
  });
  const statements = (await api.countStatements()) - before;
  const tidied = await site.meter.tidy(touchedTables);
  return {
    spent,
    tidied: tidied.cost,
    rates: requests.map((count) => count / spent.seconds),
    requestsAStatement: (requests[0] ?? 0) / statements,
  };
}

function judge(name: string, { costs, statementTime }: MeasuredCosts, offered: OfferedMix, rates: Rates): Checked {
  const admission = rates.admission ?? 0;
  const together = toRequestsAStatement(admission, lanes, statementTime);
  const all = { idlePostgres: 1, idleApi: 1, ...rates, admissionStatement: admission / together };
  const spent = addCost(offered.spent.cost, offered.tidied);
  const counted = { ...all, admissionStatement: admission / offered.requestsAStatement };
  return {
    name,
    rates: all,
    predicted: predict(costs, all),
    predictedAsCounted: predict(costs, counted),
    measured: mapCost(spent, (figure) => figure / offered.spent.seconds),
    predictedRequestsAStatement: together,
    measuredRequestsAStatement: offered.requestsAStatement,
  };
}

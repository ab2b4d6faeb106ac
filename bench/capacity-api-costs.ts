import { setTimeout as delay } from "node:timers/promises";
import type { CostBench } from "./capacity-costs.ts";
import { beyondIdle, divideCost, divideTables, measureIdle } from "./capacity-idle.ts";
import { addCost, type Cost, type Costs, fitBatches, type Sample, type StatementTime } from "./capacity-model.ts";
import { measureRemoval } from "./capacity-removal.ts";
import { type Api, lanes, type Requests, type Site } from "./capacity-site.ts";

export interface AdmissionCosts {
  readonly statementTime: StatementTime;
  readonly manyUsers: AdmissionAtOnce;
  readonly hotUser: AdmissionAtOnce;
  /** Bytes, by table. */
  readonly keptByAdmission: ReadonlyMap<string, number>;
}

/** Of 64 clients: an admission with its share of the statement. */
export interface AdmissionAtOnce {
  readonly cost: Cost;
  readonly requestsAStatement: number;
}

type ApiWork = "idleApi" | "get" | "list" | "create" | "admissionStatement" | "admission" | "removedAnswer";

interface ApiCosts extends AdmissionCosts {
  readonly costs: Pick<Costs, ApiWork>;
}

/** What requests cost, over HTTP. */
export async function measureApiCosts(bench: CostBench): Promise<ApiCosts> {
  const { site, api, idlePostgres, settings } = bench;
  const { get, list, create, consume } = site.requests;
  for (const stream of [get, list, consume(settings.users)]) await api.load(16, settings.loadSeconds / 2, stream);
  await delay(Math.min(1, settings.idleSeconds) * 1000);
  const atRest = await measureIdle(site.meter, [api.cpuMicroseconds], settings.idleSeconds);
  const idleApi = addCost(atRest, idlePostgres, -1);
  const use = { site, api, idle: [atRest], seconds: settings.loadSeconds };
  const { costs, ...admissions } = await measureAdmissions(use, site.requests, settings.users);
  return {
    ...admissions,
    costs: {
      idleApi,
      get: await measureRequests(use, (seconds) => api.load(8, seconds, get)),
      list: await measureRequests(use, (seconds) => api.load(8, seconds, list)),
      create: await measureCreates(use, create),
      ...costs,
      removedAnswer: await measureRemoval(bench, "answers"),
    },
  };
}

interface ApiUse {
  readonly site: Site;
  readonly api: Api;
  readonly idle: readonly Cost[];
  readonly seconds: number;
}

async function measureRequests(
  { site, api, idle, seconds }: ApiUse,
  load: (seconds: number) => Promise<{ readonly requests: number }>,
): Promise<Cost> {
  let requests = 0;
  const spent = await site.meter.spend([api.cpuMicroseconds], async () => {
    requests = (await load(seconds)).requests;
  });
  return divideCost(beyondIdle(spent, idle), requests);
}

const createsASecond = 100;

async function measureCreates(use: ApiUse, create: Requests["create"]): Promise<Cost> {
  const offer = async (seconds: number) => {
    const { requests } = await use.api.offer(seconds, [{ ...create, rate: createsASecond }]);
    return { requests: requests[0] ?? 0 };
  };
  await offer(use.seconds / 2);
  const cost = await measureRequests(use, offer);
  const tidied = await use.site.meter.tidy(["eom_storage", "eom_storage_collection", "eom_audit"]);
  return addCost(cost, { ...tidied.cost, keptBytes: 0 }, 1 / (createsASecond * use.seconds));
}

const admissionTables = ["eom_user_quota", "eom_metering_answer", "eom_quota_ledger"] as const;
const manyClients = 64;

async function measureAdmissions(use: ApiUse, { consume }: Requests, users: number) {
  const alone = await admitFor(use, 1, consume(users));
  const many = await admitFor(use, manyClients, consume(users));
  const hot = await admitFor(use, manyClients, consume(1));
  const { batch, unit } = fitBatches(alone, many);
  const tidied = divideCost(many.tidied, many.units);
  return {
    costs: { admissionStatement: batch, admission: addCost(unit, { ...tidied, keptBytes: 0 }) },
    statementTime: fitStatementTime(alone, many),
    manyUsers: toAtOnce(many),
    hotUser: toAtOnce(hot),
    keptByAdmission: many.kept,
  };
}

interface Admitted extends Sample {
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly tidied: Cost;
  /** Bytes a request, by table. */
  readonly kept: ReadonlyMap<string, number>;
}

async function admitFor(
  { site, api, idle, seconds }: ApiUse,
  clients: number,
  stream: Requests["get"],
): Promise<Admitted> {
  const before = await api.countStatements();
  let requests = 0;
  let took = 0;
  const spent = await site.meter.spend([api.cpuMicroseconds], async () => {
    const measured = await api.load(clients, seconds, stream);
    requests = measured.requests;
    took = measured.seconds;
  });
  const batches = (await api.countStatements()) - before;
  const tidied = await site.meter.tidy(admissionTables);
  const cost = { batches, units: requests, spent: beyondIdle(spent, idle) };
  return { ...cost, seconds: took, tidied: tidied.cost, kept: divideTables(spent, tidied, requests) };
}

/** With one client a lane has one statement at a time and no company; with many, every lane is always busy. */
function fitStatementTime(alone: Admitted, many: Admitted): StatementTime {
  const aloneSeconds = alone.seconds / alone.batches;
  const manySeconds = (lanes * many.seconds) / many.batches;
  const secondsEach = Math.max(0, (manySeconds - aloneSeconds) / (many.units / many.batches - 1));
  return { seconds: Math.max(0, aloneSeconds - secondsEach), secondsEach };
}

function toAtOnce({ spent, tidied, units, batches }: Admitted): AdmissionAtOnce {
  return { cost: divideCost(addCost(spent, { ...tidied, keptBytes: 0 }), units), requestsAStatement: units / batches };
}

import type { MeasuredCosts } from "./capacity-costs.ts";
import {
  addCost,
  type Cost,
  type Costs,
  nothing,
  predict,
  type Rates,
  toConnections,
  toCores,
  toRequestsAStatement,
  toSessionBatches,
} from "./capacity-model.ts";
import { lanes, poolSize } from "./capacity-site.ts";

/** An installation, as people describe one. */
interface Installation {
  readonly name: string;
  readonly apis: number;
  readonly workers: number;
  /** A second, on average; each a slot of a schedule, and removed when its time is over. */
  readonly sessions: number;
  readonly orders: number;
  readonly gets: number;
  readonly lists: number;
}

const installations: readonly Installation[] = [
  {
    name: "10,000 schedules every 15 minutes",
    ...{ apis: 2, workers: 2, sessions: 960_000 / 86_400, orders: 0, gets: 20, lists: 10 },
  },
  {
    name: "1,000,000 schedules once a day",
    ...{ apis: 2, workers: 2, sessions: 1_000_000 / 86_400, orders: 0, gets: 20, lists: 10 },
  },
  { name: "2,000 orders a second", ...{ apis: 3, workers: 2, sessions: 0, orders: 2_000, gets: 200, lists: 10 } },
];

export interface Needs {
  readonly name: string;
  /** Of PostgreSQL and of all processes of EOM, used to seven tenths. */
  readonly postgresCores: number;
  readonly nodeCores: number;
  readonly walBytesADay: number;
  readonly connections: number;
}

/** What the model says of some installations. */
export function listNeeds(measured: MeasuredCosts): Needs[] {
  return installations.map((installation) => {
    const spent = predict(measured.costs, toRates(installation, measured));
    return {
      name: installation.name,
      postgresCores: toCores(spent.postgresMicroseconds),
      nodeCores: toCores(spent.nodeMicroseconds),
      walBytesADay: spent.walBytes * 86_400,
      connections: toConnections(installation.apis + installation.workers, poolSize),
    };
  });
}

function toRates({ apis, workers, sessions, orders, gets, lists }: Installation, measured: MeasuredCosts): Rates {
  const together = toRequestsAStatement(orders, lanes * apis, measured.statementTime);
  return {
    idlePostgres: 1,
    idleApi: apis,
    idleWorker: workers,
    scannedSchedule: sessions,
    openedSlot: sessions,
    session: sessions,
    sessionBatch: toSessionBatches(sessions),
    removedSession: sessions,
    admission: orders,
    admissionStatement: orders / together,
    removedAnswer: orders,
    get: gets,
    list: lists,
  };
}

/** The most of one kind of work that so many cores carry when they do nothing else. */
export interface Bearing {
  readonly name: string;
  /** Of a unit, from its beginning to its removal. */
  readonly cost: Cost;
}

/** Sessions in picks of 500, orders in statements as full as 64 clients make them. */
export function listBearings({ costs, manyUsers }: MeasuredCosts): Bearing[] {
  return [
    { name: "sessions, from slot to removal", cost: toWholeSession(costs) },
    { name: "orders, answers forgotten", cost: addCost(manyUsers.cost, costs.removedAnswer) },
    { name: "GET of a storage", cost: costs.get },
    { name: "list of 8", cost: costs.list },
  ];
}

function toWholeSession(costs: Costs): Cost {
  const parts = [costs.scannedSchedule, costs.openedSlot, costs.session, costs.removedSession];
  return addCost(
    parts.reduce((sum, part) => addCost(sum, part), nothing),
    costs.sessionBatch,
    1 / 500,
  );
}

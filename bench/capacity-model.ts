/** What a unit of work takes; of a rate, what a second of it takes. */
export interface Cost {
  /** Of all processes of the server. */
  readonly postgresMicroseconds: number;
  /** Of all processes of EOM. */
  readonly nodeMicroseconds: number;
  readonly walBytes: number;
  /** On disk after a vacuum, indexes included. */
  readonly keptBytes: number;
}

/**
 * What the model knows. The three idle ones come by the second; `scannedSchedule`, `sessionBatch` and `admissionStatement` are
 * what a batch costs whatever is in it.
 */
export const works = [
  "idlePostgres",
  "idleApi",
  "idleWorker",
  "scannedSchedule",
  "openedSlot",
  "sessionBatch",
  "session",
  "admissionStatement",
  "admission",
  "get",
  "list",
  "create",
  "removedSession",
  "removedAnswer",
] as const;

export type Work = (typeof works)[number];

export type Costs = Readonly<Record<Work, Cost>>;

/** Units a second; of the idle ones, how many processes. */
export type Rates = Readonly<Partial<Record<Work, number>>>;

export const nothing: Cost = { postgresMicroseconds: 0, nodeMicroseconds: 0, walBytes: 0, keptBytes: 0 };

/** `a + factor × b`, each figure by itself. */
export function addCost(a: Cost, b: Cost, factor = 1): Cost {
  return mapCost(a, (figure, key) => figure + factor * b[key]);
}

export function mapCost(cost: Cost, change: (figure: number, key: keyof Cost) => number): Cost {
  return {
    postgresMicroseconds: change(cost.postgresMicroseconds, "postgresMicroseconds"),
    nodeMicroseconds: change(cost.nodeMicroseconds, "nodeMicroseconds"),
    walBytes: change(cost.walBytes, "walBytes"),
    keptBytes: change(cost.keptBytes, "keptBytes"),
  };
}

/** What a second of it all takes: the sum of rate times cost. 1,000,000 µs are one core. */
export function predict(costs: Costs, rates: Rates): Cost {
  return works.reduce((sum, work) => addCost(sum, costs[work], rates[work] ?? 0), nothing);
}

/** Work that was measured: so many units in so many batches took this. */
export interface Sample {
  readonly batches: number;
  readonly units: number;
  readonly spent: Cost;
}

/**
 * What a batch costs and what each unit in it, from a sample of small batches and one of large ones: the line through both.
 * What comes out below nothing is noise, and is nothing; what is kept is the units'.
 */
export function fitBatches(small: Sample, large: Sample): { readonly batch: Cost; readonly unit: Cost } {
  const unit = mapCost(large.spent, (spent, key) => {
    if (key === "keptBytes") return spent / large.units;
    const weight = large.units * small.batches - small.units * large.batches;
    return Math.max(0, (spent * small.batches - small.spent[key] * large.batches) / weight);
  });
  const batch = mapCost(small.spent, (spent, key) =>
    key === "keptBytes" ? 0 : Math.max(0, (spent - unit[key] * small.units) / small.batches),
  );
  return { batch, unit };
}

/** How long a statement of admission takes: so much, and so much for each request in it. */
export interface StatementTime {
  readonly seconds: number;
  readonly secondsEach: number;
}

const mostInStatement = 256;

/**
 * How many requests a statement of admission has. They come independently to lanes that have one statement in flight each:
 * what comes while one runs goes with the next, and who finds the lane idle goes alone. With λ requests a second to a lane and T
 * the time of a statement that is λT + e^−λT on average, and T itself grows with it.
 */
export function toRequestsAStatement(rate: number, lanes: number, { seconds, secondsEach }: StatementTime): number {
  let requests = 1;
  for (let step = 0; step < 1000; step += 1) {
    const arriving = (rate / lanes) * (seconds + secondsEach * requests);
    requests = Math.min(mostInStatement, arriving + Math.exp(-arriving));
  }
  return requests;
}

const mostInPick = 500;

/** Sessions that are due at whole seconds: one pick a second while any come, and one for every 500. */
export function toSessionBatches(sessionsASecond: number): number {
  return sessionsASecond === 0 ? 0 : Math.max(1, sessionsASecond / mostInPick);
}

const leftOver = 10;

/** Connections that PostgreSQL must allow: each process may open its pool, and ten are for administration and back-ups. */
export function toConnections(processes: number, poolSize: number): number {
  return processes * poolSize + leftOver;
}

/** Of the cores, so much may be used on average: the rest is for peaks and for what the model does not know. */
const utilisation = 0.7;

/** Cores that carry so much CPU time a second. */
export function toCores(microsecondsASecond: number): number {
  return microsecondsASecond / 1_000_000 / utilisation;
}

/** Units a second that so many cores carry, each of which takes so much CPU time. */
export function toRate(cores: number, microsecondsEach: number): number {
  return (cores * utilisation * 1_000_000) / microsecondsEach;
}

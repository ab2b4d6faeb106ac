import { cpus, loadavg, totalmem } from "node:os";
import type { AdmissionAtOnce } from "./capacity-api-costs.ts";
import type { Checked } from "./capacity-check.ts";
import type { MeasuredCosts } from "./capacity-costs.ts";
import { type Bearing, listBearings, listNeeds, type Needs } from "./capacity-examples.ts";
import { type Cost, toCores, toRate, type Work } from "./capacity-model.ts";
import type { ResultRow } from "./part.ts";

export interface CapacitySetup {
  readonly storages: number;
  readonly users: number;
  readonly seconds: number;
  readonly postgres: string;
}

const figures = [
  ["postgresMicroseconds", "CPU of PostgreSQL"],
  ["nodeMicroseconds", "CPU of Node"],
  ["walBytes", "WAL"],
  ["keptBytes", "bytes kept"],
] as const;

/** By how much the model is off, of each mix: above nothing, it says too much. */
export function toCapacityRows(checked: readonly Checked[]): ResultRow[] {
  return checked.flatMap(({ name, predicted, measured }) =>
    figures.map(([key, figure]) => ({
      work: `capacity, mix ${name.slice(0, 1)}: ${figure} as the model says`,
      beside: "as measured",
      result: toError(predicted[key], measured[key]),
      spread: "",
      aim: "",
      isReached: null,
    })),
  );
}

function toError(predicted: number, measured: number): string {
  const percent = (predicted / measured - 1) * 100;
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(0)} %`;
}

const names: Readonly<Record<Work, string>> = {
  idlePostgres: "PostgreSQL alone, a second",
  idleApi: "an idle API, a second",
  idleWorker: "an idle worker, a second",
  scannedSchedule: "a schedule that a scan moves on",
  openedSlot: "and each slot of it that is opened",
  sessionBatch: "a pick that finds sessions",
  session: "and each session in it, to its end",
  admissionStatement: "a statement of admission",
  admission: "and each order in it, over HTTP",
  get: "GET of a storage",
  list: "list of 8",
  create: "create of a storage, not verified",
  removedSession: "a session that retention removes",
  removedAnswer: "a metering answer that is forgotten",
};

export function toCapacityText(measured: MeasuredCosts, checked: readonly Checked[], setup: CapacitySetup): string {
  const { costs, statementTime, hotUser, manyUsers } = measured;
  const lines = (Object.keys(names) as Work[]).map((work) => toLine(names[work], costs[work]));
  return `| work | PostgreSQL, µs | Node, µs | WAL, bytes | kept, bytes |
| --- | --- | --- | --- | --- |
${lines.join("\n")}
${toLine(`an order of 64 clients, ${setup.users} users, ${toEach(manyUsers)}`, manyUsers.cost)}
${toLine(`an order of 64 clients, one hot user, ${toEach(hotUser)}`, hotUser.cost)}

A statement of admission takes ${(statementTime.seconds * 1e6).toFixed(0)} µs and ${(statementTime.secondsEach * 1e6).toFixed(0)} µs for each order in it, HTTP included. Kept for a session that is worked off: ${toTables(measured.keptBySession)}.
Kept for an order: ${toTables(measured.keptByAdmission)}.

| mix | a second | predicted | measured | off by | with the statements counted |
| --- | --- | --- | --- | --- | --- |
${checked.flatMap(toCheckLines).join("\n")}

| the model says of | cores of PostgreSQL | cores of Node | WAL a day, GB | connections |
| --- | --- | --- | --- | --- |
${listNeeds(measured).map(toNeedsLine).join("\n")}

| a second, alone | on 2 cores | on 8 | on 32 | cores of Node beside 8 |
| --- | --- | --- | --- | --- |
${listBearings(measured).map(toBearingLine).join("\n")}

${checked.map(toMix).join("\n")}
- CPU time is user and system time of all processes: of PostgreSQL by /proc, those that ended included; of Node by \`process.cpuUsage\`.
  PostgreSQL ${setup.postgres} without fsync and full_page_writes, autovacuum off; instead each measurement ends with a VACUUM of what it
  wrote and a checkpoint, whose costs are in the figures. What an idle process takes meanwhile is taken off.
- API, worker (all loops of \`eom worker\`, with one more engine whose runs succeed at once) and load in processes of their own, ${setup.storages}
  storages. The mixes are offered at fixed rates for ${setup.seconds} s after a warm-up.
- Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; load average at the end ${loadavg()[0]?.toFixed(1)}. Node ${process.version}.
`;
}

function toNeedsLine({ name, postgresCores, nodeCores, walBytesADay, connections }: Needs): string {
  const cells = [name, postgresCores.toFixed(2), nodeCores.toFixed(2), (walBytesADay / 1e9).toFixed(1), connections];
  return `| ${cells.join(" | ")} |`;
}

function toBearingLine({ name, cost }: Bearing): string {
  const rates = [2, 8, 32].map((cores) => toRate(cores, cost.postgresMicroseconds));
  const beside = toCores(toRate(8, cost.postgresMicroseconds) * cost.nodeMicroseconds);
  return `| ${[name, ...rates.map(toDigits), beside.toFixed(1)].join(" | ")} |`;
}

function toLine(name: string, cost: Cost): string {
  const cells = [cost.postgresMicroseconds, cost.nodeMicroseconds, cost.walBytes, cost.keptBytes].map(toDigits);
  return `| ${[name, ...cells].join(" | ")} |`;
}

function toDigits(figure: number): string {
  return Math.round(figure).toLocaleString("en");
}

function toEach({ requestsAStatement }: AdmissionAtOnce): string {
  return `${requestsAStatement.toFixed(1)} in a statement`;
}

function toTables(tables: ReadonlyMap<string, number>): string {
  return [...tables]
    .filter(([, bytes]) => bytes >= 1)
    .map(([name, bytes]) => `${name} ${bytes.toFixed(0)}`)
    .join(", ");
}

function toCheckLines({ name, predicted, predictedAsCounted, measured, ...requests }: Checked): string[] {
  const { predictedRequestsAStatement, measuredRequestsAStatement } = requests;
  const mix = name.slice(0, 1);
  const lines = figures.map(([key, figure]) => {
    const toText = key.endsWith("Microseconds") ? toCoreShare : toDigits;
    const asCounted = toError(predictedAsCounted[key], measured[key]);
    const error = toError(predicted[key], measured[key]);
    return `| ${[mix, figure, toText(predicted[key]), toText(measured[key]), error, asCounted].join(" | ")} |`;
  });
  const together = [predictedRequestsAStatement.toFixed(2), measuredRequestsAStatement.toFixed(2)];
  const error = toError(predictedRequestsAStatement, measuredRequestsAStatement);
  return [...lines, `| ${[mix, "orders in a statement", ...together, error, ""].join(" | ")} |`];
}

function toCoreShare(microsecondsASecond: number): string {
  return `${(microsecondsASecond / 1e6).toFixed(3)} cores`;
}

function toMix({ name, rates }: Checked): string {
  const parts = Object.entries(rates).map(([work, rate]) => `${work} ${rate.toFixed(1)}`);
  return `- ${name}; a second came: ${parts.join(", ")}.`;
}

import { parseArgs } from "node:util";
import type { Database } from "../src/platform/database/tables.ts";
import { listStorages } from "../src/storages/list.ts";
import { type ListCase, listCases } from "./cases.ts";
import { startFilledDatabase } from "./database.ts";
import { listScans } from "./plan.ts";
import { type RecordedDatabase, recordStatements } from "./statements.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    database: { type: "string" },
    only: { type: "string", default: "" },
  },
});
/** More than the five after which PostgreSQL may use a generic plan. */
const warmRuns = 6;
const runs = 9;

/**
 * Times each way to ask for a list of storages, page and total together, one after the other, and tells how PostgreSQL reaches
 * the rows: the table of docs/reference/performance.md.
 */
async function run(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const database = await startFilledDatabase(Number(values.rows), values.database ?? null);
  stack.defer(database.close);
  const recorded = recordStatements(database.db);
  console.log("| list of 8 | matches | median ms | slowest ms | by way of |\n| --- | --- | --- | --- | --- |");
  for (const asked of await listCases(database.db))
    if (asked.name.includes(values.only)) console.log(await toLine(database.db, recorded, asked));
}

async function toLine(
  database: Database,
  { db, take }: RecordedDatabase,
  { name, query, start }: ListCase,
): Promise<string> {
  const list = () => listStorages(db, query, start);
  for (let run = 0; run < warmRuns; run += 1) await list();
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    await list();
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  take();
  const { total } = await list();
  const ways: string[] = [];
  for (const statement of take()) ways.push(toWay(await listScans(database, statement)));
  const milliseconds = [times[Math.floor(runs / 2)], times.at(-1)].map((time) => time?.toFixed(1));
  return `| ${[name, total, ...milliseconds, ways.join("; then ")].join(" | ")} |`;
}

/** Without what every page has: its rows by their ids, and their collections. */
function toWay(scans: readonly string[]): string {
  const ways = scans.filter((scan) => !/(Index Scan eom_storage_pkey|eom_storage_collection_pkey)$/.test(scan));
  return ways.map((scan) => scan.replace("eom_storage_", "")).join(", ") || "pkey";
}

await run();

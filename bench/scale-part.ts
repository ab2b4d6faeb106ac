import { sql } from "kysely";
import { migrate } from "../src/platform/database/migrate.ts";
import { openPostgresDatabase } from "../src/platform/database/postgres.ts";
import { openUnlimited } from "./database.ts";
import { toMedian } from "./median.ts";
import type { Part, PartOptions, PartResult } from "./part.ts";
import { type BenchPostgres, startBenchPostgres } from "./postgres.ts";
import { groups, type ScaleGroup } from "./scale-groups.ts";
import type { ScaleCase } from "./scale-lists.ts";
import { type Scaled, toRows, toText } from "./scale-report.ts";

/** How a case is timed: in each round so often at each size, or until so much time has gone. */
interface Pace {
  readonly rounds: number;
  readonly warmCalls: number;
  readonly calls: number;
  readonly seconds: number;
}

export const part: Part = {
  name: "scale",
  title: "As the tables grow",
  async run({ smoke, rounds }: PartOptions): Promise<PartResult> {
    const sizes = smoke ? [1_000, 1_500, 2_000] : [1_000, 10_000, 100_000, 1_000_000];
    // More warm calls than the five after which PostgreSQL may use a generic plan.
    const pace = smoke
      ? { rounds: 1, warmCalls: 1, calls: 1, seconds: 1 }
      : { rounds: rounds ?? 7, warmCalls: 8, calls: 15, seconds: 0.5 };
    await using stack = new AsyncDisposableStack();
    const postgres = await startBenchPostgres();
    stack.defer(postgres.remove);
    await createTemplate(postgres);
    const scaled: Scaled[] = [];
    for (const group of groups) {
      console.log(`  ${group.name}`);
      scaled.push(...(await measureGroup(postgres, group, sizes, pace)));
    }
    return { rows: toRows(scaled), text: toText(scaled, { sizes, ...pace, version: postgres.version }) };
  },
};

const template = "scale_template";

async function createTemplate(postgres: BenchPostgres): Promise<void> {
  const { db, close } = openPostgresDatabase(await postgres.createDatabase(template), 1);
  await migrate(db);
  await close();
}

/** Fills a database of each size, and times every case in all of them. */
async function measureGroup(
  postgres: BenchPostgres,
  group: ScaleGroup,
  sizes: readonly number[],
  pace: Pace,
): Promise<Scaled[]> {
  await using stack = new AsyncDisposableStack();
  const cases: ScaleCase[][] = [];
  for (const size of sizes) {
    const url = await postgres.createDatabase(`scale_${group.name}_${size}`, template);
    const unlimited = openUnlimited(url);
    await group.fill(unlimited, size);
    await unlimited.destroy();
    const { db, close } = openPostgresDatabase(url, 4);
    stack.defer(close);
    cases.push(await group.createCases(db, size));
  }
  await sql`checkpoint`.execute(postgres.db);
  const scaled: Scaled[] = [];
  for (const [index, testCase] of (cases[0] ?? []).entries()) {
    const atEachSize = cases.flatMap((ofSize) => ofSize[index] ?? []);
    scaled.push({ ...testCase, rounds: await measure(atEachSize, pace) });
  }
  return scaled;
}

/** The sizes take turns, and turns at going first. @returns of each round the milliseconds at each size */
async function measure(atEachSize: readonly ScaleCase[], pace: Pace): Promise<number[][]> {
  for (const testCase of atEachSize) await callOften(testCase, pace.warmCalls, pace.seconds);
  const rounds: number[][] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    const order = [...atEachSize.entries()];
    if (round % 2 === 1) order.reverse();
    const milliseconds: number[] = [];
    for (const [index, testCase] of order) milliseconds[index] = await callOften(testCase, pace.calls, pace.seconds);
    rounds.push(milliseconds);
  }
  return rounds;
}

/** @returns the median, in milliseconds */
async function callOften({ prepare, run }: ScaleCase, calls: number, seconds: number): Promise<number> {
  const times: number[] = [];
  const begunAt = performance.now();
  do {
    await prepare?.();
    const startedAt = performance.now();
    await run();
    times.push(performance.now() - startedAt);
  } while (times.length < calls && performance.now() - begunAt < seconds * 1000);
  return toMedian(times);
}

import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openUnlimited } from "../../bench/database.ts";
import { groups, type ScaleGroup } from "../../bench/scale-groups.ts";
import type { ScaleCase } from "../../bench/scale-lists.ts";
import type { OpenDatabase } from "../../src/platform/database/open.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const fewRows = 2_000;
/** With fewer waiting sessions, PostgreSQL would plan the pick's statement well by chance. */
const manyRows: Readonly<Record<string, number>> = { queue: 60_000 };
const usualManyRows = 20_000;
/** After five calls PostgreSQL may use a generic plan. */
const warmCalls = 8;

/** Largest allowed ratio of blocks. A way to the rows that grows with the table would read ten times as many. */
const maxTimes = 2;
/** Blocks allowed beyond that: a total counts up to 10,000 rows, which only the longer table has. */
const maxMore = 250;

interface Filled {
  readonly database: TestDatabase;
  /** With one connection, so that its reads are all reads. */
  readonly opened: OpenDatabase;
  readonly cases: readonly ScaleCase[];
}

describe.each(groups)("longer tables of $name", (group) => {
  let filled: Filled[];
  beforeAll(async () => {
    filled = [];
    for (const size of [fewRows, manyRows[group.name] ?? usualManyRows]) filled.push(await fill(group, size));
  });
  afterAll(async () => {
    for (const { opened, database } of filled) {
      await opened.close();
      await database.close();
    }
  });

  test("need the same blocks for the same rows", async () => {
    const [few, many] = await Promise.all(filled.map(countAll));
    expect(few?.size).toBeGreaterThan(0);
    const grown = [...(many ?? [])].filter(([name, blocks]) => blocks > maxTimes * (few?.get(name) ?? 0) + maxMore);
    expect(Object.fromEntries(grown.map(([name, blocks]) => [name, `${few?.get(name)}, then ${blocks}`]))).toEqual({});
  });
});

async function fill(group: ScaleGroup, size: number): Promise<Filled> {
  const database = await createTestDatabase("postgres");
  const unlimited = openUnlimited(database.url ?? "");
  await group.fill(unlimited, size);
  await unlimited.destroy();
  const opened = openPostgresDatabase(database.url ?? "", 1);
  return { database, opened, cases: await group.createCases(opened.db, size) };
}

/** Blocks that each case reads, by its name. */
async function countAll({ opened, cases }: Filled): Promise<Map<string, number>> {
  const blocks = new Map<string, number>();
  for (const scaleCase of cases) blocks.set(`${scaleCase.of}: ${scaleCase.name}`, await countBlocks(opened, scaleCase));
  return blocks;
}

async function countBlocks(opened: OpenDatabase, { prepare, run }: ScaleCase): Promise<number> {
  for (let call = 0; call < warmCalls; call += 1) {
    await prepare?.();
    await run();
  }
  await prepare?.();
  const before = await readBlocks(opened);
  await run();
  return (await readBlocks(opened)) - before;
}

/** Blocks of tables and indexes that this connection has read, from the cache or not. */
async function readBlocks({ db }: OpenDatabase): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ blocks: number }>`
    select sum(coalesce(hits, 0) + coalesce(reads, 0))::bigint as blocks from pg_stat_get_backend_io(pg_backend_pid())
    where object = 'relation'`.execute(db);
  return rows[0]?.blocks ?? 0;
}

import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openUnlimited } from "../../bench/database.ts";
import { groups, type ScaleGroup } from "../../bench/scale-groups.ts";
import type { ScaleCase } from "../../bench/scale-lists.ts";
import type { OpenDatabase } from "../../src/platform/database/open.ts";
import { openPostgresDatabase } from "../../src/platform/database/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

const fewRows = 2_000;
/** Rows of the longer table, by group. With a shorter queue, PostgreSQL plans the pick statement well by chance. */
const manyRows: Readonly<Record<string, number>> = { queue: 60_000 };
const usualManyRows = 20_000;
/** Calls before the measured one. After five calls PostgreSQL may choose a generic plan, which does not know the values. */
const warmCalls = 8;

/** Allowed ratio of blocks read. A plan that grows with the table reads ten times as many: 20,000 rows to 2,000. */
const maxRatio = 2;
/** Allowed additional blocks. A list counts its total exactly up to 10,000 rows, which only the longer table has. */
const maxAdditional = 250;

interface Filled {
  readonly database: TestDatabase;
  /** A pool of one connection: its counter of blocks counts every read of a case. */
  readonly opened: OpenDatabase;
  readonly cases: readonly ScaleCase[];
}

describe.each(groups)("the queries of $name", (group) => {
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

  test("read as many blocks when the table is ten times as long", async () => {
    const [few, many] = await Promise.all(filled.map(countAll));
    expect(few?.size).toBeGreaterThan(0);
    const grown = [...(many ?? [])].filter(
      ([name, blocks]) => blocks > maxRatio * (few?.get(name) ?? 0) + maxAdditional,
    );
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

/** Blocks that each case reads, by `<list>: <case>`. */
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

/** Blocks of tables and indexes that this connection has read so far, from the cache or from disk. */
async function readBlocks({ db }: OpenDatabase): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ blocks: number }>`
    select sum(coalesce(hits, 0) + coalesce(reads, 0))::bigint as blocks from pg_stat_get_backend_io(pg_backend_pid())
    where object = 'relation'`.execute(db);
  return rows[0]?.blocks ?? 0;
}

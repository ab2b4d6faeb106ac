import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { InsertOrder } from "./bare-inserts.ts";
import { type AskedProcess, startAskedProcess } from "./processes.ts";
import { storageToCreate } from "./scenarios.ts";

interface Api {
  readonly url: string;
  readonly token: string;
}

/**
 * The bare INSERTs of a create, after the pattern of one that EOM makes here.
 *
 * @throws when one create of theirs does not leave as many rows in the same tables as one of EOM's
 */
export async function startInserts(db: Database, eom: Api, environment: Record<string, string>): Promise<AskedProcess> {
  const before = await countRows(db);
  const pattern = await createByEom(eom);
  const between = await countRows(db);
  const inserts = await startAskedProcess("bare-inserts.ts", {
    ...environment,
    BENCH_PATTERN_ID: pattern.id,
    BENCH_PATTERN_KEY: pattern.key,
  });
  await inserts.ask({ clients: 1, milliseconds: 0 } satisfies InsertOrder);
  const [byEom, byInserts] = [toGrowth(before, between), toGrowth(between, await countRows(db))];
  if (isDeepStrictEqual(byEom, byInserts)) return inserts;
  await inserts.stop();
  throw new Error(`a create by EOM left ${JSON.stringify(byEom)}, the INSERTs ${JSON.stringify(byInserts)}`);
}

async function createByEom({ url, token }: Api): Promise<{ id: string; key: string }> {
  const key = randomUUID();
  const response = await fetch(`${url}/eom/admin/storages?verify=false`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(storageToCreate(key)),
  });
  if (response.status !== 201) throw new Error(`a create was answered with ${response.status}`);
  const { id } = (await response.json()) as { id: string };
  return { id, key };
}

async function countRows(db: Database): Promise<ReadonlyMap<string, number>> {
  const { rows: tables } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(db);
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const { rows } = await sql<{ count: number }>`select count(*)::integer as count from ${sql.table(name)}`.execute(
      db,
    );
    counts.set(name, rows[0]?.count ?? 0);
  }
  return counts;
}

/** The tables that have got more rows, and how many more. */
function toGrowth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Record<string, number> {
  const grown = [...after].map(([table, count]) => [table, count - (before.get(table) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, more]) => more !== 0));
}

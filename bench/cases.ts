import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { PageStart } from "../src/platform/resource/paging.ts";
import type { ListStorages } from "../src/storages/model.ts";

export interface ListCase {
  readonly name: string;
  readonly query: ListStorages;
  readonly start: PageStart;
}

const first = { by: "offset", offset: 0 } as const;
const sorts = ["name", "enable", "created", "modified"] as const;
const depths = { start: 0, middle: 0.5, end: 0.9999 };

/** Everything that a list of storages can be asked for, one at a time, and what is hard about it. */
export async function listCases(db: Database): Promise<ListCase[]> {
  return [...(await listOrders(db)), ...listOffsets(), ...listKeywords(), ...(await listFilters(db))];
}

async function listOrders(db: Database): Promise<ListCase[]> {
  const cases: ListCase[] = [];
  for (const sortby of sorts) {
    for (const asc of [true, false]) {
      const query = toQuery({ sortby, asc });
      const name = `by ${sortby}${asc ? "" : ", descending"}`;
      cases.push({ name: `${name}: first page`, query, start: first });
      for (const [depth, share] of Object.entries(depths))
        cases.push({ name: `${name}: by cursor, ${depth}`, query, start: await findKey(db, query, share) });
    }
  }
  return cases;
}

/** The key of the row that lies so deep in the order: what a cursor would carry. */
async function findKey(db: Database, { sortby, asc }: ListStorages, share: number): Promise<PageStart> {
  const column = sql.ref(sortby === "name" ? "name_key" : sortby);
  const direction = sql.raw(asc ? "asc" : "desc");
  const { rows } = await sql<{ id: string; value: string | boolean | Date }>`
    select id, ${column} as value from eom_storage order by ${column} ${direction}, id ${direction}
    offset (select (count(*) * ${share}::float8)::bigint from eom_storage) limit 1`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("there are no storages");
  return { by: "key", value: row.value instanceof Date ? row.value.toISOString() : String(row.value), id: row.id };
}

function listOffsets(): ListCase[] {
  return [100, 1_000, 10_000, 100_000].map((page) => ({
    name: `by name: page=${page}`,
    query: toQuery({ page }),
    start: { by: "offset", offset: page * 8 },
  }));
}

function listKeywords(): ListCase[] {
  const words = {
    common: "sentinel",
    "common, but only late in the order": "viirs",
    "one in 63": "modis tiles",
    rare: "glacier",
    absent: "volcano",
    "absent, of common parts": "sentinel viirs",
    "of 2 characters, common": "ar",
    "of 2 characters, absent": "zq",
    "of 1 character": "7",
  };
  return Object.entries(words).flatMap(([name, word]) => [
    { name: `keyword ${name} (\`${word}\`)`, query: toQuery({ keyword: [word] }), start: first },
    { name: `keyword ${name}, by modified`, query: toQuery({ keyword: [word], sortby: "modified" }), start: first },
  ]);
}

async function listFilters(db: Database): Promise<ListCase[]> {
  const { rows } = await sql<{ ids: string[]; collection: string; from: Date; to: Date }>`
    select array(select id::text from eom_storage order by md5(id::text) limit 100) as ids,
      (select collection_id from eom_storage_collection order by storage_id limit 1) as collection,
      min(created) as from, max(created) as to
    from eom_storage`.execute(db);
  const [sample] = rows;
  if (sample === undefined) throw new Error("there are no storages");
  const at = (share: number) => new Date(sample.from.getTime() + (sample.to.getTime() - sample.from.getTime()) * share);
  const filters: Record<string, Partial<ListStorages>> = {
    "100 `ids`": { ids: sample.ids },
    "`collection_id`": { collection_id: [sample.collection] },
    "`enable=true`, 95 %": { enable: [true] },
    "`enable=false`, 5 %": { enable: [false] },
    "`label`, 50 %": { label: ["team:t0"] },
    "`label`, 6 %": { label: ["team:t2"] },
    "`label`, 0.01 %": { label: ["team:t19"] },
    "`label`, absent": { label: ["team:nobody"] },
    "`created_from`, the last 0.1 %": { created_from: at(0.999) },
    "`created_from` and `created_to`, 4 % in the middle": { created_from: at(0.5), created_to: at(0.54) },
    "`modified_from` and `modified_to`, 4 % in the middle": { modified_from: at(0.5), modified_to: at(0.54) },
    "`label` 6 %, `enable=false`, keyword": { label: ["team:t2"], enable: [false], keyword: ["research"] },
  };
  return Object.entries(filters).map(([name, filter]) => ({
    name: `filter ${name}`,
    query: toQuery(filter),
    start: first,
  }));
}

function toQuery(changes: Partial<ListStorages>): ListStorages {
  return { size: 8, asc: true, sortby: "name", ...changes };
}

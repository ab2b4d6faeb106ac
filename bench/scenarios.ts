import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";
import type { Scenario } from "./rounds.ts";

const base = "/eom/admin/storages";
const pathCount = 500;

/** What is asked, about storages and collections picked evenly from all that there are. */
export async function listScenarios(db: Database): Promise<Scenario[]> {
  const { rows: storages } = await sql<{ id: string }>`
    select id from eom_storage tablesample system (20) order by md5(id::text) limit ${pathCount}`.execute(db);
  const { rows: collections } = await sql<{ id: string }>`
    select collection_id as id from eom_storage_collection group by 1 having count(*) > 8
    order by md5(collection_id::text) limit ${pathCount}`.execute(db);
  return [
    { name: "GET by id", aim: 0.5, paths: storages.map(({ id }) => `${base}/${id}`) },
    {
      name: "list of 8, filter by collection (about 20 found, counted)",
      aim: 0.7,
      paths: collections.map(({ id }) => `${base}?collection_id=${id}`),
    },
    { name: "list of 8, filter `enable=true` (10,001 counted)", aim: null, paths: [`${base}?enable=true`] },
  ];
}

/** @throws when the two servers do not tell the same; cursors are compared by their key alone */
export async function requireSameAnswers(urls: readonly string[], { paths }: Scenario, token: string): Promise<void> {
  for (const path of paths.slice(0, 20)) {
    const answers = await Promise.all(
      urls.map(async (url) => {
        const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
        const body = (await response.json()) as Record<string, unknown>;
        return { ...body, next_cursor: toKey(body["next_cursor"]) };
      }),
    );
    if (!isDeepStrictEqual(answers[0], answers[1])) {
      throw new Error(
        `${path} has two answers:\n${answers.map((answer) => JSON.stringify(answer).slice(0, 1000)).join("\n")}`,
      );
    }
  }
}

function toKey(cursor: unknown): unknown {
  return typeof cursor === "string" ? JSON.parse(Buffer.from(cursor, "base64url").toString()).slice(1, 3) : cursor;
}

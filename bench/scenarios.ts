import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../src/platform/database/tables.ts";

/** Those that EOM is measured beside over HTTP; what each is, says http-report.ts. */
export type Peer = "bare" | "flask" | "fastapi" | "inserts";

/** One kind of request; everyone gets the same paths. */
export interface Scenario {
  readonly name: string;
  readonly paths: readonly string[];
  /** As in load.ts; null for a GET. */
  readonly body: string | null;
  /** The least ratio to the peer's rate that EOM aims at; null where the database does the work. */
  readonly aims: ReadonlyMap<Peer, number | null>;
}

const base = "/eom/admin/storages";
const pathCount = 500;

/** The requests, for storages and collections that are picked evenly from all. */
export async function listScenarios(db: Database, rows: number): Promise<Scenario[]> {
  const { rows: storages } = await sql<{ id: string }>`
    select id from eom_storage tablesample system (20) order by md5(id::text) limit ${pathCount}`.execute(db);
  const { rows: collections } = await sql<{ id: string }>`
    select collection_id as id from eom_storage_collection group by 1 having count(*) > 8
    order by md5(collection_id::text) limit ${pathCount}`.execute(db);
  const ofAll = `of ${rows.toLocaleString("en")}, over HTTP`;
  return [
    toRead(
      "GET one storage over HTTP",
      [0.65, 4, 2.5],
      storages.map(({ id }) => `${base}/${id}`),
    ),
    toRead(
      `list of 8, filter by collection, ${ofAll}`,
      [0.8, 4, 2.5],
      collections.map(({ id }) => `${base}?collection_id=${id}`),
    ),
    {
      name: `list of 8, filter \`enable=true\`, ${ofAll}`,
      paths: [`${base}?enable=true`],
      body: null,
      aims: new Map([["bare", null]]),
    },
    {
      name: "create storage (unverified) over HTTP",
      paths: [`${base}?verify=false`],
      body: JSON.stringify(storageToCreate("{key}")),
      aims: new Map([["inserts", 0.5]]),
    },
  ];
}

function toRead(name: string, [bare, flask, fastapi]: [number, number, number], paths: readonly string[]): Scenario {
  return {
    name,
    paths,
    body: null,
    aims: new Map([
      ["bare", bare],
      ["flask", flask],
      ["fastapi", fastapi],
    ]),
  };
}

/** As little as a create may have; `key` makes its name and its place its own. */
export function storageToCreate(key: string) {
  return {
    name: `made by the bench ${key}`,
    resource: {
      type: "s3",
      endpoint: "https://s3.eu-central-1.example.org",
      bucket: `bench-${key}`,
      credential: {
        access_key_id: "AKBENCHBENCHBENCHBEN",
        secret_access_key: "forty characters, as those of AWS have..",
      },
    },
  };
}

/** @throws when someone tells another answer than the first; cursors are compared by their key alone */
export async function requireSameAnswers(urls: readonly string[], { paths }: Scenario, token: string): Promise<void> {
  for (const path of paths.slice(0, 20)) {
    const answers = await Promise.all(urls.map((url) => ask(url + path, token)));
    const other = answers.find((answer) => !isDeepStrictEqual(answer, answers[0]));
    if (other === undefined) continue;
    const both = [answers[0], other].map((answer) => JSON.stringify(answer).slice(0, 1000));
    throw new Error(`${path} has two answers:\n${both.join("\n")}`);
  }
}

async function ask(url: string, token: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as Record<string, unknown>;
  return { ...body, next_cursor: toKey(body["next_cursor"]) };
}

function toKey(cursor: unknown): unknown {
  return typeof cursor === "string" ? JSON.parse(Buffer.from(cursor, "base64url").toString()).slice(1, 3) : cursor;
}

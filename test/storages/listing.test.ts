import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { storageSorts } from "../../src/storages/model.ts";
import { insertStorage } from "../../src/storages/queries.ts";
import { storages as base } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { databaseKinds } from "../support/database/database.ts";
import { createTestApp, type TestApp } from "../support/http/app.ts";
import { plainOptions } from "../support/s3/plain-options.ts";

type Sort = (typeof storageSorts)[number];

/** A storage to insert. Its fields have few values, so that many rows tie. */
interface Seed {
  readonly name: string;
  readonly enable: boolean;
  readonly at: Date;
}

const seedArbitrary: fc.Arbitrary<Seed> = fc.record({
  name: fc.stringMatching(/^[aAbBäÄzZ_%]{0,3}$/),
  enable: fc.boolean(),
  at: fc.integer({ min: 0, max: 3 }).map((millisecond) => new Date(Date.UTC(2026, 0, 1, 0, 0, 0, millisecond))),
});

/** A change between two pages: an insert, or the delete of an existing row. */
const changeArbitrary = fc.oneof(
  seedArbitrary.map((seed) => ({ kind: "insert" as const, seed })),
  fc.nat().map((index) => ({ kind: "delete" as const, index })),
);

const walkArbitrary = fc.record({
  seeds: fc.array(seedArbitrary, { minLength: 0, maxLength: 12 }),
  size: fc.integer({ min: 1, max: 4 }),
  changes: fc.array(fc.array(changeArbitrary, { maxLength: 3 }), { maxLength: 6 }),
});

describe.each(databaseKinds)("the list of storages on %s", (kind) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp(kind);
  });
  afterAll(() => app.close());
  beforeEach(clear);

  async function clear(): Promise<void> {
    await sql`delete from eom_storage`.execute(app.database.db);
  }

  async function insert({ name, enable, at }: Seed): Promise<string> {
    const id = randomUUID();
    const row = {
      id,
      // The end makes the name unique; the beginning sorts it.
      name: `${name}${id.slice(0, 8)}`,
      description: null,
      enable,
      labels: {},
      endpoint: "http://127.0.0.1:9",
      region: "us-east-1",
      bucket: "scenes",
      prefix: "",
      path_style: true,
      read_only: false,
      ca_certificate: null,
      ...plainOptions,
      access_key_id: "AK",
      credential_ref: id,
      verification: null,
      modified: at,
      modified_by: "test",
    };
    await app.database.db.transaction().execute((tx) => insertStorage(tx, row));
    return id;
  }

  const remove = (id: string) => app.database.db.deleteFrom("eom_storage").where("id", "=", id).execute();

  const walks = storageSorts.flatMap((sort) => [true, false].map((asc) => ({ sort, asc })));

  test.each(walks)("returns each row that stays exactly once, in order: by $sort, asc=$asc", async ({ sort, asc }) => {
    await fc.assert(
      fc
        .asyncProperty(walkArbitrary, async ({ seeds, size, changes }) => {
          const present = new Set<string>();
          for (const seed of seeds) present.add(await insert(seed));
          const stayed = new Set(present);
          const turns = [...changes];
          const seen = await walk(`size=${size}&sortby=${sort}&asc=${asc}`, async () => {
            for (const change of turns.shift() ?? []) {
              if (change.kind === "insert") present.add(await insert(change.seed));
              else {
                const gone = [...present][change.index % Math.max(present.size, 1)];
                if (gone !== undefined && present.delete(gone)) await remove(gone);
                if (gone !== undefined) stayed.delete(gone);
              }
            }
          });
          const ids = seen.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(ids).toEqual(expect.arrayContaining([...stayed]));
          expect(seen).toEqual(seen.toSorted((a, b) => (asc ? 1 : -1) * compare(a, b, sort)));
        })
        .beforeEach(clear),
      { numRuns: 25 },
    );
  });

  interface Item {
    readonly id: string;
    readonly name: string;
    readonly enable: boolean;
    readonly created: string;
    readonly modified: string;
  }

  /** Reads all pages by cursor; `between` runs after each page. */
  async function walk(query: string, between: () => Promise<void>): Promise<Item[]> {
    const seen: Item[] = [];
    for (let cursor: string | null = "", pages = 0; cursor !== null; pages += 1) {
      expect(pages, "pages without end").toBeLessThan(100);
      const answer = await app.request(
        "GET",
        `${base}?${query}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(answer.status).toBe(200);
      seen.push(...answer.body.data);
      cursor = answer.body.next_cursor;
      await between();
    }
    return seen;
  }

  test("has the same pages by number as by cursor, with links to the next and the previous", async () => {
    for (let index = 0; index < 10; index += 1) await insert({ name: "n", enable: true, at: new Date(0) });
    const byCursor = (await walk("size=3", async () => {})).map(({ id }) => id);
    const byNumber: string[] = [];
    let path: string | undefined = `${base}?size=3&label=a:b&label=c:d`;
    expect((await app.request("GET", path)).headers.get("link")).toBeNull();
    path = `${base}?size=3`;
    let pages = 0;
    for (; path !== undefined; pages += 1) {
      const answer = await app.request("GET", path);
      expect(answer.body).toMatchObject({ page: pages, size: 3, total: 10, total_exact: true });
      byNumber.push(...answer.body.data.map(({ id }: Item) => id));
      const links = answer.headers.get("link") ?? "";
      expect(/rel="prev"/.test(links)).toBe(pages > 0);
      path = /<([^>]+)>; rel="next"/.exec(links)?.[1];
    }
    expect(pages).toBe(4);
    expect(byNumber).toEqual(byCursor);
  });

  test("refuses a cursor of another filter or order, an invalid cursor, and a cursor with a page", async () => {
    for (let index = 0; index < 3; index += 1) await insert({ name: "n", enable: true, at: new Date(0) });
    const cursor = (await app.request("GET", `${base}?size=1&sortby=created&enable=true`)).body.next_cursor;
    const ask = (query: string) => app.request("GET", `${base}?${query}`);
    const bound = `cursor=${cursor}&sortby=created`;
    expect((await ask(`${bound}&enable=true&size=2`)).status).toBe(200);
    expect((await ask(`${bound}&filter[enable]=1&size=2`)).status).toBe(200);
    for (const query of [
      `${bound}&enable=true&asc=false`,
      `cursor=${cursor}&enable=true&sortby=modified`,
      `cursor=${cursor}&enable=true`,
      `${bound}&enable=false`,
      bound,
      `${bound}&enable=true&keyword=n`,
    ]) {
      expect(await ask(query), query).toMatchObject({
        status: 400,
        body: { details: { issues: [{ path: "/cursor", code: "cursor_of_another_list" }] } },
      });
    }
    for (const query of ["cursor=", "cursor=x", "cursor=W10", `cursor=${cursor}&page=0`, `cursor=${"x".repeat(2001)}`])
      expect((await ask(query)).status, query).toBe(400);
  });

  test("answers 400 to a changed cursor, never 500", async () => {
    for (let index = 0; index < 3; index += 1) await insert({ name: "n", enable: true, at: new Date(0) });
    for (const sort of storageSorts) {
      const cursor: string = (await app.request("GET", `${base}?size=1&sortby=${sort}`)).body.next_cursor;
      const parts: string[] = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
      const changed = fc.oneof(
        fc
          .tuple(
            fc.nat(parts.length - 1),
            fc.oneof(fc.string(), fc.constantFrom("", "null", "0", "infinity", "\u0000")),
          )
          .map(([at, text]) => parts.with(at, text)),
        fc.constant(parts.slice(0, -1)),
        fc.constant([...parts, "x"]),
      );
      await fc.assert(
        fc.asyncProperty(changed, async (given) => {
          const text = Buffer.from(JSON.stringify(given)).toString("base64url");
          const answer = await app.request("GET", `${base}?sortby=${sort}&cursor=${text}`);
          expect(given.join() === parts.join() ? 200 : 400).toBe(answer.status);
        }),
        { numRuns: 40 },
      );
    }
  });

  test("searches name and description in any case, with the characters of patterns taken literally", async () => {
    for (const [name, description] of [
      ["Ärger 100%", null],
      ["plain_name", "50% Ärger"],
      ["plainXname", null],
    ])
      await createStorage(app, { name, description });
    const find = async (keyword: string) =>
      (await app.request("GET", `${base}?keyword=${encodeURIComponent(keyword)}`)).body.data.map(
        ({ name }: Item) => name,
      );
    expect(await find("äRGER")).toEqual(["plain_name", "Ärger 100%"]);
    expect(await find("n_n")).toEqual(["plain_name"]);
    expect(await find("%")).toEqual(["plain_name", "Ärger 100%"]);
    expect(await find("\\")).toEqual([]);
  });
});

/** The order of the database: by bytes, not by a language; ties by id. */
function compare(a: Record<Sort | "id", unknown>, b: Record<Sort | "id", unknown>, sort: Sort): number {
  const toKey = (item: Record<Sort | "id", unknown>) =>
    sort === "name" ? String(item.name).normalize("NFKC").toLowerCase() : String(item[sort]);
  const order = Buffer.compare(Buffer.from(toKey(a)), Buffer.from(toKey(b)));
  return order === 0 ? Buffer.compare(Buffer.from(String(a.id)), Buffer.from(String(b.id))) : order;
}

import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ListCase, listCases } from "../../bench/cases.ts";
import { fillStorages } from "../../bench/fill.ts";
import { listScans } from "../../bench/plan.ts";
import { type RecordedDatabase, recordStatements } from "../../bench/statements.ts";
import type { PageStart } from "../../src/platform/resource/paging.ts";
import { listStorages } from "../../src/storages/list.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

describe("a list of twenty thousand storages", () => {
  let database: TestDatabase;
  let recorded: RecordedDatabase;
  let cases: ListCase[];

  beforeAll(async () => {
    database = await createTestDatabase("postgres");
    await fillStorages(database.db, 20_000);
    recorded = recordStatements(database.db);
    cases = await listCases(database.db);
  });
  afterAll(() => database.close());

  /**
   * The scans of the statements that the list sends, for each case whose name matches. The list runs seven times first, so
   * that PostgreSQL may have switched to a generic plan.
   */
  const listScansOf = async (name: RegExp) => {
    const scansOf = new Map<string, string[]>();
    for (const { name: caseName, query, start } of cases.filter((each) => name.test(each.name))) {
      for (let run = 0; run < 7; run += 1) {
        recorded.take();
        await listStorages(recorded.db, query, start);
      }
      const scans: string[] = [];
      for (const statement of recorded.take()) scans.push(...(await listScans(database.db, statement)));
      scansOf.set(caseName, scans);
    }
    expect(scansOf.size).toBeGreaterThan(0);
    return scansOf;
  };

  test.each(["name", "enable", "created", "modified"])(
    "by %s reads that order's index alone, from the first page and from every cursor, in both directions",
    async (sortby) => {
      const index = sortby === "name" ? "eom_storage_name_key" : `eom_storage_${sortby}`;
      for (const [name, scans] of await listScansOf(new RegExp(`^by ${sortby}\\b`))) {
        expect(scans, name).toContain(`Index Only Scan ${index}`);
        expect(scans.join(), name).not.toContain("Seq Scan");
      }
    },
  );

  test("finds rare, common and absent keywords by their trigrams", async () => {
    for (const [name, scans] of await listScansOf(/^keyword (?!of )/)) {
      expect(scans, name).toContain("Bitmap Index Scan eom_storage_search_text");
      expect(scans.join(), name).not.toContain("Seq Scan");
    }
  });

  test("searches the rows for keywords without a trigram, and never reads the whole trigram index", async () => {
    for (const [name, scans] of await listScansOf(/^keyword of /))
      expect(scans.join(), name).not.toContain("eom_storage_search_text");
  });

  test.each([
    ["ids", "Index Scan eom_storage_pkey"],
    ["collection_id", "Index Only Scan eom_storage_collection_collection"],
    ["enable=true", "Index Only Scan eom_storage_enable"],
    ["enable=false", "Index Only Scan eom_storage_enable"],
    ["label`, (6|0.01) %", "Bitmap Index Scan eom_storage_labels"],
    ["label`, absent", "Bitmap Index Scan eom_storage_labels"],
    ["created_from", "Index Only Scan eom_storage_created"],
    ["modified_from", "Index Only Scan eom_storage_modified"],
  ])("finds and counts by the filter %s without reading the table", async (filter, scan) => {
    for (const [name, scans] of await listScansOf(new RegExp(`^filter [0-9 ]*\`${filter}`))) {
      expect(scans, name).toContain(scan);
      expect(scans.join(), name).not.toContain("Seq Scan");
    }
  });

  // These have more results than the exact total, so the page is searched in the order, near its beginning and then everywhere.
  test.each([
    ["few of them", ["modis tiles"], 1],
    ["many, from the order's beginning", ["year"], 2],
    ["many, which lie late in the order", ["sentinel", "prisma", "viirs"], 3],
    ["many, without a trigram", ["ar"], 2],
  ])("returns the same as a plain sort of all results of a keyword: %s", async (_, keyword, statements) => {
    const { rows: all } = await sql<{ id: string; name_key: string }>`
      select id, name_key from eom_storage
      where search_text like any(${keyword.map((word) => `%${word}%`)}::text[]) order by name_key`.execute(database.db);
    const at = async (start: PageStart, asc = true) => {
      const { rows, total } = await listStorages(recorded.db, { size: 4, asc, sortby: "name", keyword }, start);
      expect(total).toBe(Math.min(all.length, 10_001));
      return rows.map(({ id }) => id);
    };
    const ids = all.map(({ id }) => id);
    const [key] = all.slice(9);
    recorded.take();
    expect(await at({ by: "offset", offset: 0 })).toEqual(ids.slice(0, 5));
    expect(recorded.take()).toHaveLength(statements);
    expect(await at({ by: "offset", offset: 12 })).toEqual(ids.slice(12, 17));
    expect(await at({ by: "offset", offset: ids.length })).toEqual([]);
    expect(await at({ by: "offset", offset: 0 }, false)).toEqual(ids.toReversed().slice(0, 5));
    expect(await at({ by: "key", value: String(key?.name_key), id: String(key?.id) })).toEqual(ids.slice(10, 15));
  });
});

import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findMigrationState, migrate } from "../../src/platform/database/migrate.ts";
import { escapeLike, toJsonb } from "../../src/platform/database/sql.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../support/database/database.ts";

describe.each(databaseKinds)("database %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  test("gives the same JavaScript values on both drivers", async () => {
    const { rows } = await sql`select 9007199254740991::bigint as size, ${toJsonb({ a: "b" })} as json,
      ${toJsonb("text")} as word, ${"2026-11-23T10:00:00.123Z"}::timestamptz as at, true as yes, null as nothing,
      ${["a", "b"]}::text[] as list, '\\x0102'::bytea as bytes`.execute(database.db);
    expect(rows).toEqual([
      {
        size: 9007199254740991,
        json: { a: "b" },
        word: "text",
        at: new Date("2026-11-23T10:00:00.123Z"),
        yes: true,
        nothing: null,
        list: ["a", "b"],
        bytes: expect.any(Uint8Array),
      },
    ]);
  });

  test.each([
    "0001-01-01T00:00:00.000Z",
    "0049-12-31T23:59:59.123Z",
    "0099-12-31T23:59:59.999Z",
    "0100-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z",
  ])("returns the time %s as it was written", async (text) => {
    const { rows } = await sql<{ at: Date; list: Date[] }>`
      select ${text}::timestamptz as at, ${new Date(text)}::timestamptz as again,
        array[${text}::timestamptz] as list`.execute(database.db);
    expect(rows).toEqual([{ at: new Date(text), again: new Date(text), list: [new Date(text)] }]);
  });

  test("takes arrays of uuids, numbers and times in text, and bytes, as parameters", async () => {
    const id = "01a209ba-d02e-741b-a63b-6063454757eb";
    const at = new Date("2026-11-23T10:00:00.123Z");
    const { rows } =
      await sql`select ${[id]}::uuid[] as ids, ${[at.toISOString()]}::timestamptz[] as times, ${Buffer.from([1, 2])}::bytea as bytes, ${[1, 2]}::int[] as numbers`.execute(
        database.db,
      );
    expect(rows).toMatchObject([{ ids: [id], times: [at], numbers: [1, 2] }]);
    expect([...(rows[0] as { bytes: Uint8Array }).bytes]).toEqual([1, 2]);
  });

  // PGlite up to 0.5.8 kept some of its stack with each failure, and failed every statement after some 3,000.
  test("works after thousands of failed statements", async () => {
    for (let failed = 0; failed < 5000; failed += 1)
      await expect(sql`select 1 / ${0}::int`.execute(database.db)).rejects.toThrow(/division by zero/);
    expect((await sql`select 1 as number`.execute(database.db)).rows).toEqual([{ number: 1 }]);
  });

  test("has nothing to migrate after it was migrated", async () => {
    expect(await migrate(database.db)).toEqual([]);
    expect(await findMigrationState(database.db)).toEqual({ pending: [], unknown: [] });
  });

  test("refuses a database that a newer program migrated, with a sentence", async () => {
    await sql`insert into eom_migration (name, timestamp) values ('9999_future', '2026')`.execute(database.db);
    await expect(migrate(database.db)).rejects.toThrow(/newer EOM.*9999_future/);
    await sql`delete from eom_migration where name = '9999_future'`.execute(database.db);
  });

  test("matches the signs of LIKE literally", async () => {
    const pattern = `%${escapeLike("50%_\\")}%`;
    const { rows } = await sql`select 'a50%_\\b' like ${pattern} as same, 'a500x\\b' like ${pattern} as other`.execute(
      database.db,
    );
    expect(rows).toEqual([{ same: true, other: false }]);
  });
});

import type { KyselyPlugin } from "kysely";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runAlone } from "../../src/fission/turn-lock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase("postgres");
});
afterAll(() => database.close());

/** Makes the unlocking statement fail before it reaches the database. */
const withoutUnlocking: KyselyPlugin = {
  transformQuery({ node }) {
    if (JSON.stringify(node).includes("pg_advisory_unlock")) throw new Error("canceled");
    return node;
  },
  transformResult: async ({ result }) => result,
};

test("a lock that cannot be released is dropped with its connection", async () => {
  const { db } = database;
  expect(await runAlone(db.withPlugin(withoutUnlocking), "turn", async () => "done")).toBe("done");
  expect(await runAlone(db, "turn", async () => "done again")).toBe("done again");
  const { rows } = await sql`select 1 from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())`.execute(db);
  expect(rows).toEqual([]);
});

test("failing work releases the lock, and its error is thrown", async () => {
  const failing = runAlone(database.db, "turn", () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(await runAlone(database.db, "turn", async () => "done")).toBe("done");
});

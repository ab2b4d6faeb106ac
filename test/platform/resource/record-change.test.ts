import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../../src/platform/database/transaction.ts";
import { createId } from "../../../src/platform/id.ts";
import { recordChange } from "../../../src/platform/resource/record-change.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../../support/database/database.ts";

describe.each(databaseKinds)("recordChange on %s", (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase(kind);
  });
  afterAll(() => database.close());

  const actor = { subject: "ana", onBehalfOf: null, requestId: "r-1" };
  const listTrail = async (id: string) =>
    (
      await sql`select subject, action, kind, before, after, request_id from eom_audit where object_id = ${id}`.execute(
        database.db,
      )
    ).rows;

  test("writes the trail, hands on the result, and returns it", async () => {
    const id = createId();
    const shown: unknown[] = [];
    const change = { actor, beforeCommit: async (_: unknown, result: { name: string }) => void shown.push(result) };
    const entry = { action: "thing.update", kind: "thing", id, before: { name: "a" }, after: { name: "b" } };
    expect(await inTransaction(database.db, (tx) => recordChange(tx, change, entry))).toEqual({ name: "b" });
    expect(shown).toEqual([{ name: "b" }]);
    const { id: _, ...recorded } = entry;
    expect(await listTrail(id)).toEqual([{ subject: "ana", ...recorded, request_id: "r-1" }]);
  });

  test("keeps a result that is given apart out of the trail", async () => {
    const id = createId();
    const change = { actor, beforeCommit: async () => {} };
    const entry = {
      action: "token.create",
      kind: "token",
      id,
      before: null,
      after: { id },
      result: { token: "secret" },
    };
    expect(await inTransaction(database.db, (tx) => recordChange(tx, change, entry))).toEqual({ token: "secret" });
    expect(await listTrail(id)).toMatchObject([{ before: null, after: { id } }]);
  });

  test("leaves no trail of a change that does not commit", async () => {
    const id = createId();
    const fault = new Error("the answer cannot be kept");
    const change = { actor, beforeCommit: () => Promise.reject(fault) };
    const entry = { action: "thing.delete", kind: "thing", id, before: { id }, after: null, result: undefined };
    await expect(inTransaction(database.db, (tx) => recordChange(tx, change, entry))).rejects.toBe(fault);
    expect(await listTrail(id)).toEqual([]);
  });
});

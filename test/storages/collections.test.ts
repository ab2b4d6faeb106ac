import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { describe, expect } from "vitest";
import { storages as base } from "../contract/described.ts";
import { createStorage } from "../contract/provocations.ts";
import { storageTests } from "./fixtures.ts";

describe.each(storageTests)("collections on %s", (_kind, test) => {
  test("are all bound when bound at once, and all unbound when unbound at once", async ({ app }) => {
    const { id } = await createStorage(app);
    const collections = Array.from({ length: 20 }, () => randomUUID()).sort();
    const all = (method: string) =>
      Promise.all(collections.map((collection) => app.request(method, `${base}/${id}/collections/${collection}`)));
    expect((await all("PUT")).map(({ status }) => status)).toEqual(collections.map(() => 200));
    expect((await app.request("GET", `${base}/${id}`)).body).toMatchObject({
      collection_ids: collections,
      version: 21,
    });
    expect((await all("DELETE")).map(({ status }) => status)).toEqual(collections.map(() => 204));
    expect((await app.request("GET", `${base}/${id}`)).body).toMatchObject({ collection_ids: [], version: 41 });
  });

  test("bound while the storage is deleted: exactly one of the two happens", async ({ app }) => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 20; round += 1) {
      const { id } = await createStorage(app);
      const calls = [
        app.request("DELETE", `${base}/${id}`),
        app.request("PUT", `${base}/${id}/collections/${randomUUID()}`),
      ] as const;
      const [deleted, bound] = await Promise.all(calls);
      const outcome = `${deleted.status} ${bound.status}`;
      expect(["204 404", "409 200"]).toContain(outcome);
      outcomes.add(outcome);
      expect((await app.request("GET", `${base}/${id}`)).status).toBe(deleted.status === 204 ? 404 : 200);
    }
    const { rows } = await sql`select storage_id from eom_storage_collection
      where storage_id not in (select id from eom_storage)`.execute(app.database.db);
    expect(rows).toEqual([]);
  });
});

import { createSecretKey, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPostgresDatabase } from "../../../src/platform/database/postgres.ts";
import { createEmbeddedSecretStore } from "../../../src/secrets/embedded/embedded.ts";
import { insertSealedSecret } from "../../../src/secrets/embedded/queries.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../../support/database/database.ts";
import { findFreePort } from "../../support/database/postgres.ts";
import { describeSecretStore, newRef } from "../secret-store-contract.ts";
import { catchError, expectNoTrace } from "../traces.ts";

const newKey = () => createSecretKey(randomBytes(32));
const secret = { secret_access_key: "canary-wJalrXUtnFEMI" };

describe.each(databaseKinds)("on %s", (kind) => {
  describeSecretStore("embedded", async () => {
    const database = await createTestDatabase(kind);
    const store = createEmbeddedSecretStore({ db: database.db, key: newKey() });
    return { store, stop: () => store.close().then(database.close) };
  });

  describe("embedded secret store", () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createTestDatabase(kind);
    });
    afterAll(() => database.close());

    test("stores no readable secret in the database", async () => {
      await createEmbeddedSecretStore({ db: database.db, key: newKey() }).create(newRef(), secret, {});
      const rows = await database.db.selectFrom("eom_sealed_secret").selectAll().execute();
      const isReadable = rows.some(({ sealed }) => Buffer.from(sealed).includes("canary"));
      expect(isReadable).toBe(false);
    });

    test("opens a secret that another process with the same key sealed", async () => {
      const key = newKey();
      const ref = newRef();
      await createEmbeddedSecretStore({ db: database.db, key }).create(ref, secret, {});
      expect(await createEmbeddedSecretStore({ db: database.db, key }).find(ref)).toEqual(secret);
    });

    test("reports another key file when it cannot open a secret", async () => {
      const ref = newRef();
      await createEmbeddedSecretStore({ db: database.db, key: newKey() }).create(ref, secret, {});
      const other = createEmbeddedSecretStore({ db: database.db, key: newKey() });
      const calls = [other.find(ref), other.create(ref, secret, {})];
      for (const error of await Promise.all(calls.map(catchError))) {
        expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringContaining("key file") });
        expectNoTrace(error, Object.values(secret));
      }
    });

    test("does not open a row that was moved to another reference", async () => {
      const key = newKey();
      const store = createEmbeddedSecretStore({ db: database.db, key });
      const [ref, elsewhere] = [newRef(), newRef()];
      await store.create(ref, secret, {});
      await database.db.updateTable("eom_sealed_secret").set({ ref: elsewhere }).where("ref", "=", ref).execute();
      expect(await catchError(store.find(elsewhere))).toMatchObject({ code: "CONFIGURATION_ERROR" });
    });
  });

  describe("the check of the embedded secret store", () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await createTestDatabase(kind);
    });
    afterAll(() => database.close());

    test("reports that a newer key sealed some secrets, and which file to put back", async () => {
      const [old, young] = [newKey(), newKey()];
      const [before, after] = [old, young].map((key) => createEmbeddedSecretStore({ db: database.db, key }));
      expect(await before?.check()).toBeNull();
      await before?.create(newRef(), secret, {});
      expect(await before?.check()).toBeNull();
      expect(await after?.check()).toMatch(/key file: put back/);
      await after?.create(newRef(), secret, {});
      expect(await before?.check()).toMatch(/key file: put back/);
      expect(await after?.check()).toMatch(/key file: put back/);
    });

    test("reports a row that is no sealed secret", async () => {
      await database.db.deleteFrom("eom_sealed_secret").execute();
      await insertSealedSecret(database.db, { ref: newRef(), sealed: Buffer.from([1, 2, 3]) });
      expect(await createEmbeddedSecretStore({ db: database.db, key: newKey() }).check()).toMatch(/key file/);
    });
  });
});

test("reports in one sentence that the database cannot be reached", async () => {
  const database = openPostgresDatabase(`postgres://eom@127.0.0.1:${await findFreePort()}/eom`, 1);
  const store = createEmbeddedSecretStore({ db: database.db, key: newKey() });
  expect(await store.check()).toMatch(/database cannot be reached/);
  await database.close();
});

import { createSecretKey, randomBytes } from "node:crypto";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEmbeddedSecretStore } from "../../../src/secrets/embedded/embedded.ts";
import { rekeySecrets } from "../../../src/secrets/embedded/rekey.ts";
import { createTestDatabase, databaseKinds, type TestDatabase } from "../../support/database/database.ts";
import { newRef } from "../secret-store-contract.ts";

const newKey = () => createSecretKey(randomBytes(32));
const secret = { secret_access_key: "canary-of-the-key" };

describe.each(databaseKinds)("rekeying on %s", (kind) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase(kind);
  });
  afterEach(() => database.close());

  const storeOf = (key: ReturnType<typeof newKey>) => createEmbeddedSecretStore({ db: database.db, key });

  async function createSecrets(key: ReturnType<typeof newKey>, count: number): Promise<string[]> {
    const refs = Array.from({ length: count }, newRef);
    for (const ref of refs) await storeOf(key).create(ref, secret, {});
    return refs;
  }

  test("seals every secret with the new key, so that none opens with the old one", async () => {
    const [from, to] = [newKey(), newKey()];
    const refs = await createSecrets(from, 1203);
    expect(await rekeySecrets(database.db, { from, to })).toEqual({ rekeyed: 1203, unchanged: 0 });
    for (const ref of refs.slice(0, 20)) expect(await storeOf(to).find(ref)).toEqual(secret);
    expect(await storeOf(to).check()).toBeNull();
    await expect(storeOf(from).find(refs[0] ?? "")).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  });

  test("can be repeated for a secret that a process with the old key sealed meanwhile", async () => {
    const [from, to] = [newKey(), newKey()];
    await createSecrets(from, 2);
    await rekeySecrets(database.db, { from, to });
    const [late] = await createSecrets(from, 1);
    expect(await rekeySecrets(database.db, { from, to })).toEqual({ rekeyed: 1, unchanged: 2 });
    expect(await storeOf(to).find(late ?? "")).toEqual(secret);
  });

  test("changes nothing when a secret opens with neither key, and names it", async () => {
    const [from, to, other] = [newKey(), newKey(), newKey()];
    const refs = await createSecrets(from, 600);
    await storeOf(other).create("eom/zzz", secret, {});
    const failed = await rekeySecrets(database.db, { from, to }).catch((error: Error) => error);
    expect(failed).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringContaining("eom/zzz") });
    expect(String(failed)).not.toContain("canary");
    for (const ref of refs.slice(0, 5)) expect(await storeOf(from).find(ref)).toEqual(secret);
  });

  test("rekeys every secret that is written at the same time", async () => {
    const [from, to] = [newKey(), newKey()];
    const written = createSecrets(from, 20);
    await rekeySecrets(database.db, { from, to });
    await written;
    await rekeySecrets(database.db, { from, to });
    const { rows } = await sql<{ ref: string }>`select ref from eom_sealed_secret`.execute(database.db);
    expect(rows).toHaveLength(20);
    for (const { ref } of rows) expect(await storeOf(to).find(ref)).toEqual(secret);
  });
});

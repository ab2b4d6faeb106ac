import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../scripts/parts/child.ts";
import { createRecordedLog } from "../secrets/recorded-log.ts";
import { newRef } from "../secrets/secret-store-contract.ts";
import { catchError, expectNoTrace } from "../secrets/traces.ts";
import { serviceAccount, startVaultServer, type VaultServer } from "../secrets/vault/server.ts";

const secret = { secret_access_key: "canary-wJalrXUtnFEMI" };

let vault: VaultServer;
beforeAll(async () => {
  vault = await startVaultServer();
});
afterAll(() => vault.stop());

describe("the vault secret store's login by AppRole", () => {
  test("is repeated, unnoticed by callers, when the token has expired", async () => {
    // The clock stands still: the store learns of the expiry from Vault's answer alone.
    const auth = await vault.createAppRole("expiring", { token_ttl: "4s" });
    const store = vault.createRestrictedStore(auth, { monotonic: () => 0 });
    const ref = newRef();
    await store.create(ref, secret, {});
    const [accessor] = await vault.listTokens("expiring");
    expect(accessor).toBeDefined();
    await until("The token's end", async () => (await vault.findToken(accessor)) === null, 60);
    expect(await store.find(ref)).toEqual(secret);
    expect(await vault.listTokens("expiring")).not.toContain(accessor);
  });

  test("is renewed past two thirds of its lease", async () => {
    const clock = createClock();
    const { log, line } = createRecordedLog();
    const auth = await vault.createAppRole("lasting", { token_ttl: "1h", token_max_ttl: "4h" });
    const store = vault.createRestrictedStore(auth, { monotonic: clock.monotonic, log });
    await store.find(newRef());
    clock.advance(41 * 60);
    await store.find(newRef());
    expect(await line("renewed the Vault token")).toContain('"lease_seconds":3600,"is_full":true');
    const accessors = await vault.listTokens("lasting");
    expect(accessors).toHaveLength(1);
    expect(await vault.findToken(accessors[0])).toMatchObject({ last_renewal_time: expect.any(Number) });
  });

  test("is repeated when the token's maximum shortens a renewal", async () => {
    const clock = createClock();
    const { log, line } = createRecordedLog();
    const auth = await vault.createAppRole("short", { token_ttl: "1h", token_max_ttl: "1h" });
    const store = vault.createRestrictedStore(auth, { monotonic: clock.monotonic, log });
    await store.find(newRef());
    await line("logged in to Vault");
    const [first] = await vault.listTokens("short");
    await until("A second of the token's life", async () => ((await vault.findToken(first))?.ttl ?? 3600) < 3599, 60);
    clock.advance(41 * 60);
    await store.find(newRef());
    expect(await line("renewed the Vault token")).toContain('"is_full":false');
    await line("logged in to Vault");
    expect(await vault.listTokens("short")).toHaveLength(2);
  });

  test("works with a batch token, which cannot be renewed", async () => {
    const clock = createClock();
    const { log, line } = createRecordedLog();
    const auth = await vault.createAppRole("batch", { token_type: "batch", token_ttl: "1h" });
    const store = vault.createRestrictedStore(auth, { monotonic: clock.monotonic, log });
    expect(await store.check()).toBeNull();
    await line("logged in to Vault");
    clock.advance(41 * 60);
    await store.find(newRef());
    await line("logged in to Vault");
  });
});

describe("the vault secret store's login by Kubernetes", () => {
  test("is repeated with the token of the service account that is in the file then", async () => {
    await vault.writeKubernetesRole("rotating");
    const first = vault.kubernetes.createToken(serviceAccount);
    const jwtFile = await vault.writeCredential(first);
    const store = vault.createRestrictedStore({ method: "kubernetes", role: "rotating", jwtFile });
    await store.find(newRef());
    vault.kubernetes.revokeToken(first);
    await writeFile(jwtFile, vault.kubernetes.createToken(serviceAccount));
    await vault.revokeTokens("rotating");
    expect(await store.find(newRef())).toBeNull();
  });

  test("is refused without showing a token when Kubernetes no longer knows the service account", async () => {
    await vault.writeKubernetesRole("gone");
    const token = vault.kubernetes.createToken(serviceAccount);
    const jwtFile = await vault.writeCredential(token);
    vault.kubernetes.revokeToken(token);
    const store = vault.createRestrictedStore({ method: "kubernetes", role: "gone", jwtFile });
    const reviewsBefore = vault.kubernetes.reviews();
    const error = await catchError(store.find(newRef()));
    expect(vault.kubernetes.reviews()).toBeGreaterThan(reviewsBefore);
    expect(error).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    expectNoTrace(error, [token]);
  });
});

describe("the vault secret store's token from a file", () => {
  test("is renewed when it is periodic", async () => {
    const clock = createClock();
    const { log, line } = createRecordedLog();
    const { client_token, accessor } = await vault.createToken({ period: "1h", policies: ["eom"] });
    const store = vault.createRestrictedStore(
      { method: "token", tokenFile: await vault.writeCredential(client_token) },
      { monotonic: clock.monotonic, log },
    );
    expect(await store.check()).toBeNull();
    clock.advance(41 * 60);
    await store.find(newRef());
    await line("renewed the Vault token");
    expect(await vault.findToken(accessor)).toMatchObject({ last_renewal_time: expect.any(Number) });
  });

  test("is replaced, unnoticed by callers, by the token that an agent has written", async () => {
    const old = await vault.createToken({ policies: ["eom"] });
    const tokenFile = await vault.writeCredential(old.client_token);
    const store = vault.createRestrictedStore({ method: "token", tokenFile });
    await store.find(newRef());
    await writeFile(tokenFile, (await vault.createToken({ policies: ["eom"] })).client_token);
    await vault.server.request("auth/token/revoke-accessor", { method: "POST", body: { accessor: old.accessor } });
    expect(await store.find(newRef())).toBeNull();
  });

  test("may lack the right to look itself up", async () => {
    const { client_token } = await vault.createToken({ policies: ["eom"], no_default_policy: true });
    expect(await vault.createRestrictedStore({ method: "token", token: client_token }).check()).toBeNull();
  });
});

/** A monotonic clock that runs with the real one, but ahead of it. */
function createClock() {
  let ahead = 0;
  return {
    monotonic: () => performance.now() + ahead,
    advance: (seconds: number) => {
      ahead += seconds * 1000;
    },
  };
}

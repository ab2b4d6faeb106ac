import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VaultAuth } from "../../src/secrets/vault/options.ts";
import { describeSecretStore, newRef } from "../secrets/secret-store-contract.ts";
import { catchError, expectNoTrace } from "../secrets/traces.ts";
import { neededRights, serviceAccount, startVaultServer, type VaultServer } from "../secrets/vault/server.ts";

const secret = { secret_access_key: "canary-wJalrXUtnFEMI" };

let vault: VaultServer;
beforeAll(async () => {
  vault = await startVaultServer();
});
afterAll(() => vault.stop());

describeSecretStore("vault, with a token that may do everything", async () => {
  const store = vault.createRootStore();
  return { store, stop: () => store.close() };
});

describeSecretStore("vault, by AppRole, with the least policy", async () => {
  const store = vault.createRestrictedStore(await vault.createAppRole("contract"));
  return { store, stop: () => store.close() };
});

describeSecretStore("vault, by Kubernetes, with the least policy", async () => {
  await vault.writeKubernetesRole("contract", { token_ttl: "1h" });
  const jwtFile = await vault.writeCredential(vault.kubernetes.createToken(serviceAccount));
  const store = vault.createRestrictedStore({ method: "kubernetes", role: "contract", jwtFile });
  return { store, stop: () => store.close() };
});

describe("the vault secret store", () => {
  const findMetadata = (path: string) =>
    vault.server.request<{ data: { custom_metadata: unknown } }>(`secret/metadata/${path}`);

  test("leaves no trace of a deleted secret", async () => {
    const store = vault.createRootStore();
    const ref = newRef();
    await store.create(ref, secret, { storage_id: "a" });
    expect((await findMetadata(ref)).status).toBe(200);
    await store.delete(ref);
    expect((await findMetadata(ref)).status).toBe(404);
  });

  test("leaves no probe behind after a check", async () => {
    expect(await vault.createRootStore({ pathPrefix: "probed" }).check()).toBeNull();
    expect((await findMetadata("probed?list=true")).status).toBe(404);
  });

  test("writes labels as custom metadata if its policy allows that, and no labels else", async () => {
    const ref = newRef();
    const labels = { storage_id: "a", storage_name: "Zürich" };
    await vault.createRootStore().create(ref, secret, labels);
    expect((await findMetadata(ref)).body.data.custom_metadata).toEqual(labels);
    await vault.createRestrictedStore(await vault.createAppRole("labels")).create(ref, secret, labels);
    expect((await findMetadata(`team/eom/${ref}`)).body.data.custom_metadata).toBeNull();
  });

  test.each([
    ["deleted", "DELETE", "data", undefined],
    ["destroyed", "PUT", "destroy", { versions: [1] }],
  ] as const)("finds nothing where somebody %s the version by hand", async (_, method, part, body) => {
    const store = vault.createRootStore();
    const ref = newRef();
    await store.create(ref, secret, {});
    await vault.server.request(`secret/${part}/${ref}`, { method, body });
    expect(await store.find(ref)).toBeNull();
    expect(await catchError(store.create(ref, { other: "one" }, {}))).toMatchObject({
      message: expect.stringContaining("used before"),
    });
  });

  test("is unavailable while Vault is sealed, and works again without a restart once it is unsealed", async () => {
    const store = vault.createRestrictedStore(await vault.createAppRole("sealed"));
    const ref = newRef();
    await store.create(ref, secret, {});
    await vault.server.seal();
    const calls = [store.find(ref), store.create(newRef(), secret, {}), store.delete(ref)];
    for (const error of await Promise.all(calls.map(catchError))) {
      expect(error).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE", message: "The secret store is sealed" });
      expectNoTrace(error, Object.values(secret));
    }
    expect(await store.check()).toMatch(/Vault is sealed: unseal it/);
    await vault.server.unseal();
    expect(await store.find(ref)).toEqual(secret);
    expect(await store.check()).toBeNull();
  });
});

describe("the vault secret store's check", () => {
  test.each([
    ["create", "secret/data/team/eom/*"],
    ["read", "secret/data/team/eom/*"],
    ["delete", "secret/metadata/team/eom/*"],
  ])("names %s on %s when its policy lacks just that", async (right, path) => {
    const policy = Object.entries(neededRights).map(([key, rights]) => [key, rights.filter((each) => each !== right)]);
    await vault.writePolicy(`no-${right}`, Object.fromEntries(policy));
    const auth = await vault.createAppRole(`no-${right}`, { token_policies: [`no-${right}`] });
    expect(await vault.createRestrictedStore(auth).check()).toContain(`must also allow "${right}" on ${path},`);
  });

  test("says that a KV version 1 mount has the wrong version, and leaves nothing in it", async () => {
    await vault.put("sys/mounts/kv1", { type: "kv", options: { version: "1" } });
    const store = vault.createRootStore({ mount: "kv1" });
    expect(await store.check()).toMatch(/no KV version 2 engine/);
    expect(await catchError(store.create(newRef(), secret, {}))).toMatchObject({ code: "CONFIGURATION_ERROR" });
    expect((await vault.server.request("kv1/data?list=true")).status).toBe(404);
    await vault.server.request("kv1/data/x", { method: "POST", body: { any: "thing" } });
    expect(await catchError(store.find("x"))).toMatchObject({ code: "CONFIGURATION_ERROR" });
  });

  test.each(["nowhere", "secret/below", "sys", "cubbyhole"])("says so for the mount %s", async (mount) => {
    const store = vault.createRootStore({ mount });
    expect(await store.check()).toMatch(/no KV version 2 engine/);
  });

  test.each<[string, () => Promise<VaultAuth>]>([
    ["an unknown AppRole", async () => ({ method: "approle", roleId: "no", secretId: "canary-id" })],
    [
      "a login method that is not enabled",
      async () => ({ method: "approle", mount: "no", roleId: "no", secretId: "canary-id" }),
    ],
    [
      "a service account of another name",
      async () => {
        await vault.writeKubernetesRole("bound");
        const jwtFile = await vault.writeCredential(
          vault.kubernetes.createToken({ ...serviceAccount, name: "canary" }),
        );
        return { method: "kubernetes", role: "bound", jwtFile };
      },
    ],
    [
      "an unknown role of Kubernetes",
      async () => {
        const jwtFile = await vault.writeCredential(vault.kubernetes.createToken(serviceAccount));
        return { method: "kubernetes", role: "none", jwtFile };
      },
    ],
  ])("says that the login is refused for %s", async (_, toAuth) => {
    const store = vault.createRestrictedStore(await toAuth());
    expect(await store.check()).toMatch(/refuses EOM's login/);
    const error = await catchError(store.find(newRef()));
    expect(error).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    expectNoTrace(error, ["canary-id"]);
  });

  test("says that the token is not valid", async () => {
    const sentence = await vault.createStore({ auth: { method: "token", token: "canary-token" } }).check();
    expect(sentence).toMatch(/token is not valid/);
    expectNoTrace(sentence, ["canary-token"]);
  });
});

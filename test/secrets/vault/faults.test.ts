import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemMonotonic } from "../../../src/platform/clock.ts";
import { createCertificate } from "../../storages/s3/certificates.ts";
import { findFreePort } from "../../support/database/postgres.ts";
import {
  answer,
  drip,
  echo,
  flood,
  hang,
  loseAnswer,
  type Misbehaviour,
  reset,
  stall,
  startMisbehavingVault,
} from "../../support/vault/misbehaving-vault.ts";
import { describeSecretStore, newRef } from "../secret-store-contract.ts";
import { catchError, expectNoTrace } from "../traces.ts";
import { soon, startVaultHarness, toToken, type VaultHarness } from "./harness.ts";

const secret = { secret_access_key: "canary-wJalrXUtnFEMI" };
const data = /^\w+ secret\/(data|metadata)\//;

describeSecretStore("vault, before a server in memory", startVaultHarness);

describe("the vault secret store", () => {
  let harness: VaultHarness;
  beforeEach(async () => {
    harness = await startVaultHarness(undefined, { monotonic: systemMonotonic });
  });
  afterEach(() => harness.stop());

  const silences = new Set([hang, stall, drip]);

  /** A store whose time limit is short only if Vault falls silent. */
  async function prepare(fault: Misbehaviour): Promise<VaultHarness> {
    if (!silences.has(fault)) return harness;
    await harness.stop();
    harness = await startVaultHarness(undefined, { monotonic: systemMonotonic, ...soon });
    return harness;
  }

  const html = "<html><body>502 Bad Gateway canary-page</body></html>";
  const broken: [string, Misbehaviour, RegExp][] = [
    ["hangs", hang, /does not answer/],
    ["cuts the connection", reset, /does not answer/],
    ["stalls within an answer", stall, /does not answer/],
    ["sends its answer byte by byte", drip, /does not answer/],
    ["sends without end", flood, /not the secret store/],
    ["fails with JSON", answer(500, { errors: ["internal error"] }), /fails or is overloaded/],
    ["fails with a page", answer(502, html), /fails or is overloaded/],
    ["is overloaded", answer(429, { errors: ["rate limit quota exceeded"] }), /overloaded/],
    ["is sealed", answer(503, { errors: ["Vault is sealed"] }), /is sealed/],
    ["answers 200 with a page", answer(200, html), /not the secret store/],
    ["answers 403 with a page", answer(403, html), /not the secret store/],
    ["answers with JSON that is no object", answer(200, "[]"), /not the secret store/],
    ["redirects", answer(307, "", { Location: "http://127.0.0.1:9/v1/x" }), /redirect/],
    ["refuses for ever", answer(403, { errors: ["permission denied"] }), /refuses what EOM needs/],
    ["refuses as a bad request", answer(400, { errors: ["odd"] }), /refuses a request/],
    ["repeats the request in an error", echo(400), /refuses a request/],
    ["repeats the request in a failure", echo(500), /fails or is overloaded/],
  ];

  test.each(broken)(
    "fails with SECRET_STORE_UNAVAILABLE and shows no secret when Vault %s",
    async (_, fault, message) => {
      const { vault, store } = await prepare(fault);
      vault.misbehave(fault, { when: data });
      const calls = [store.create(newRef(), secret, {}), store.find(newRef()), store.delete(newRef())];
      for (const error of await Promise.all(calls.map(catchError))) {
        expect(error).toMatchObject({
          code: "SECRET_STORE_UNAVAILABLE",
          details: null,
          message: expect.stringMatching(message),
        });
        expectNoTrace(error, [...tokensOf(harness), vault.secretId, "canary-"]);
      }
    },
  );

  test.each(broken)("says to operators what to do when Vault %s", async (_, fault) => {
    const { vault, store } = await prepare(fault);
    vault.misbehave(fault, { when: data });
    const sentence = await store.check();
    expect(sentence).toMatch(/^(Vault|The server that answers) .{20,}\.$/);
    expectNoTrace(sentence, [...tokensOf(harness), vault.secretId, "canary-"]);
  });

  test.each(broken)("works again once Vault no longer %s", async (_, fault) => {
    const { vault, store } = await prepare(fault);
    const ref = newRef();
    await store.create(ref, secret, {});
    vault.misbehave(fault, { when: data });
    await catchError(store.find(ref));
    vault.behave();
    expect(await store.find(ref)).toEqual(secret);
  });

  test.each(broken)("writes nothing secret to the log when Vault %s at a login", async (_, fault) => {
    const { vault, store, recorded } = await prepare(fault);
    vault.misbehave(fault);
    const error = await catchError(store.find(newRef()));
    expect(error).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    expectNoTrace([error, recorded.lines], [vault.secretId, vault.roleId, "canary-"]);
  });

  test("does not follow a redirect, so that no other server gets its token", async () => {
    const elsewhere = await startVaultHarness();
    harness.vault.misbehave(answer(307, "", { Location: `${elsewhere.vault.address}/v1/secret/data/x` }));
    await catchError(harness.store.find(newRef()));
    expect(elsewhere.vault.calls).toEqual([]);
    await elsewhere.stop();
  });

  test.each([
    ["a cut connection", reset],
    ["a failure", answer(500, { errors: ["internal error"] })],
    ["a replica that lags", answer(412, { errors: ["required index state not present"] })],
    ["an engine that is being created", answer(400, { errors: ["Upgrading from non-versioned to versioned data."] })],
  ])("retries after %s", async (_, fault) => {
    const { vault, store, stop } = await startUnhurried();
    const ref = newRef();
    vault.misbehave(fault, { when: data, times: 2 });
    await store.create(ref, secret, {});
    expect(await store.find(ref)).toEqual(secret);
    await stop();
  });

  test("gives up after three tries", async () => {
    const { vault, store, stop } = await startUnhurried();
    vault.misbehave(reset, { when: data });
    await catchError(store.find(newRef()));
    expect(vault.count(data)).toBe(3);
    await stop();
  });

  /** A store whose clock stands still, so that slow attempts on a busy machine do not end the retries. */
  function startUnhurried(): Promise<VaultHarness> {
    return startVaultHarness();
  }

  test("does not retry after a time-out", async () => {
    const { vault, store } = await prepare(hang);
    vault.misbehave(hang, { when: data });
    await catchError(store.find(newRef()));
    expect(vault.count(data)).toBe(1);
  });

  test("does not mistake a 404 of another server for a missing secret", async () => {
    const wrong = [
      answer(404, { errors: [], warnings: ["Invalid path for a versioned K/V secrets engine."] }),
      answer(404, { errors: ['no handler for route "secret/data/x". route entry not found.'] }),
      answer(405, { errors: ["unsupported operation"] }),
    ];
    for (const fault of wrong) {
      harness.vault.misbehave(fault, { when: data });
      expect(await catchError(harness.store.find(newRef()))).toMatchObject({ code: "CONFIGURATION_ERROR" });
      expect(await catchError(harness.store.delete(newRef()))).toMatchObject({ code: "CONFIGURATION_ERROR" });
      expect(await harness.store.check()).toMatch(/no KV version 2 engine/);
    }
  });

  test("finds no secret when its version was deleted or destroyed", async () => {
    for (const metadata of [
      { version: 1, deletion_time: "2026-01-01T00:00:00Z", destroyed: false },
      { version: 1, deletion_time: "", destroyed: true },
    ]) {
      harness.vault.misbehave(answer(404, { data: { data: null, metadata } }), { when: data });
      expect(await harness.store.find(newRef())).toBeNull();
    }
  });

  test("reports a KV version 1 mount as a configuration error, and leaves no secret in it", async () => {
    const { vault, store } = harness;
    vault.misbehave(answer(204, ""), { when: data });
    const ref = newRef();
    const error = await catchError(store.create(ref, secret, {}));
    expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringMatching(/KV version 2/) });
    expect(vault.calls.at(-1)?.call).toBe(`DELETE secret/data/${ref}`);
  });

  test("does not show a secret of another shape", async () => {
    const body = { data: { data: { key: 5, more: "canary-value" }, metadata: { version: 1 } } };
    harness.vault.misbehave(answer(200, body), { when: data });
    const error = await catchError(harness.store.find(newRef()));
    expect(error).toMatchObject({ code: "CONFIGURATION_ERROR", message: expect.stringMatching(/shape/) });
    expectNoTrace(error, ["canary-value"]);
  });

  test("completes a write whose answer got lost", async () => {
    const { vault, store } = harness;
    const ref = newRef();
    vault.misbehave(loseAnswer, { when: /^POST secret\/data/, times: 1 });
    await store.create(ref, secret, {});
    expect(await store.find(ref)).toEqual(secret);
  });

  test("completes a write whose answer got lost when its policy forbids to write again", async () => {
    const { vault, store } = harness;
    const ref = newRef();
    await store.create(ref, secret, {});
    vault.misbehave(answer(403, { errors: ["permission denied"] }), { when: /^POST secret\/data/ });
    await store.create(ref, secret, {});
    expect(await catchError(store.create(ref, { other: "canary" }, {}))).toMatchObject({
      message: expect.stringContaining("was used before"),
    });
    expect(await catchError(store.create(newRef(), secret, {}))).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
  });

  test("stores the secret when its labels are refused", async () => {
    const ref = newRef();
    harness.vault.misbehave(answer(403, { errors: ["permission denied"] }), { when: /^POST secret\/metadata/ });
    await harness.store.create(ref, secret, { storage_id: "a" });
    expect(await harness.store.find(ref)).toEqual(secret);
    expect(harness.vault.count(/login$/)).toBe(1);
  });

  test("refuses references that lead to another path, before a request is sent", async () => {
    for (const ref of ["", "a//b", "../a", "a/..", "a/./b", "/a", "a/", "a."]) {
      await catchError(harness.store.find(ref));
    }
    expect(harness.vault.calls).toEqual([]);
  });

  test("names every missing right of its policy", async () => {
    harness.vault.misbehave(answer(403, { errors: ["permission denied"] }), { when: data });
    const sentence = await harness.store.check();
    expect(sentence).toContain('"create" on secret/data/*, "read" on secret/data/*, "delete" on secret/metadata/*');
  });

  test("reports that no server listens at the address", async () => {
    const address = `http://127.0.0.1:${await findFreePort()}`;
    const { store, stop } = await startVaultHarness(toToken, { address });
    expect(await store.check()).toMatch(/does not answer.*ECONNREFUSED/);
    await stop();
  });

  test("trusts only the configured authority for an address with TLS", async () => {
    const certificate = createCertificate({ names: ["127.0.0.1"] });
    const vault = await startMisbehavingVault(certificate);
    const options = { address: vault.address, auth: toToken(vault) };
    const trusting = await startVaultHarness(toToken, { ...options, ca: certificate.cert });
    const doubting = await startVaultHarness(toToken, options);
    expect(await trusting.store.check()).toBeNull();
    expect(await doubting.store.check()).toMatch(/certificate is not trusted.*DEPTH_ZERO_SELF_SIGNED_CERT/);
    expect(vault.count(/^POST/)).toBe(1);
    await Promise.all([trusting.stop(), doubting.stop()]);
    await vault.stop();
  });

  test("sends namespace, mount and prefix as configured", async () => {
    const { vault, store, stop } = await startVaultHarness(undefined, {
      namespace: "a/b",
      mount: "/secret/",
      pathPrefix: "team a/eom/",
    });
    const ref = newRef();
    await store.create(ref, secret, {});
    expect(await store.find(ref)).toEqual(secret);
    expect(vault.calls.map(({ call }) => call)).toEqual([
      "POST auth/approle/login",
      `POST secret/data/team a/eom/${ref}`,
      `GET secret/data/team a/eom/${ref}`,
    ]);
    expect(vault.calls.every(({ namespace }) => namespace === "a/b")).toBe(true);
    await stop();
  });
});

function tokensOf({ vault }: VaultHarness): string[] {
  return vault.calls.flatMap(({ token }) => token ?? []);
}

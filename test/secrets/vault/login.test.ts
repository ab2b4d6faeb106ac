import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answer, hang, hold, type MisbehavingVault } from "../../support/vault/misbehaving-vault.ts";
import { newRef } from "../secret-store-contract.ts";
import { catchError, expectNoTrace } from "../traces.ts";
import { soon, startVaultHarness, type VaultHarness } from "./harness.ts";

const login = /^POST auth\/approle\/login$/;
const renewal = /^POST auth\/token\/renew-self$/;
const denied = answer(403, { errors: ["permission denied"] });

describe("the vault secret store's login", () => {
  let harness: VaultHarness;
  let vault: MisbehavingVault;
  const use = () => harness.store.find(newRef());

  beforeEach(() => open());
  afterEach(() => harness.stop());

  async function open(options: Parameters<typeof startVaultHarness>[1] = {}): Promise<void> {
    harness = await startVaultHarness(undefined, options);
    vault = harness.vault;
    vault.grant({ leaseSeconds: 900, renewable: true });
  }

  /** For a test whose Vault falls silent. */
  async function giveUpSoon(): Promise<void> {
    await harness.stop();
    await open(soon);
  }

  test("happens once for all callers that need it at the same time", async () => {
    await Promise.all(Array.from({ length: 20 }, use));
    expect(vault.count(login)).toBe(1);
  });

  test("happens only when the store is used", () => {
    expect(vault.calls).toEqual([]);
  });

  test("is renewed in the background after two thirds of the lease", async () => {
    await use();
    harness.advance(599);
    await use();
    expect(vault.count(renewal)).toBe(0);
    harness.advance(2);
    await use();
    await harness.recorded.line("renewed the Vault token");
    harness.advance(598);
    await use();
    expect([vault.count(login), vault.count(renewal)]).toEqual([1, 1]);
  });

  test("does not make callers wait for a renewal, and renews once", async () => {
    await use();
    const { misbehaviour, release } = hold();
    vault.misbehave(misbehaviour, { when: renewal });
    harness.advance(700);
    await Promise.all([1, 2, 3].map(use));
    await use();
    release();
    await harness.recorded.line("renewed the Vault token");
    expect([vault.count(login), vault.count(renewal)]).toEqual([1, 1]);
  });

  test("keeps working when a renewal hangs", async () => {
    await giveUpSoon();
    await use();
    vault.misbehave(hang, { when: renewal });
    harness.advance(700);
    await use();
    await harness.recorded.line("could not be refreshed");
    await use();
    expect(vault.count(login)).toBe(1);
  });

  test("retries a failed renewal, but not at every use", async () => {
    await use();
    vault.misbehave(answer(500, { errors: ["internal error"] }), { when: renewal });
    harness.advance(600);
    await use();
    await harness.recorded.line("could not be refreshed");
    await use();
    expect(vault.count(renewal)).toBe(1);
    vault.behave();
    harness.advance(101);
    await use();
    await harness.recorded.line("renewed the Vault token");
    expect(vault.count(login)).toBe(1);
  });

  test("is repeated in the background when the lease shrinks because the token nears its maximum", async () => {
    await use();
    await harness.recorded.line("logged in");
    vault.grant({ leaseSeconds: 100, renewable: true });
    harness.advance(601);
    await use();
    await harness.recorded.line("renewed the Vault token");
    await harness.recorded.line("logged in");
    expect([vault.count(login), vault.count(renewal)]).toEqual([2, 1]);
  });

  test("is repeated in the background when Vault does not renew", async () => {
    await use();
    await harness.recorded.line("logged in");
    vault.misbehave(answer(400, { errors: ["lease is not renewable"] }), { when: renewal });
    harness.advance(601);
    await use();
    await harness.recorded.line("logged in");
    expect([vault.count(login), vault.count(renewal)]).toEqual([2, 1]);
  });

  test("is repeated in the background when the token is not renewable", async () => {
    vault.grant({ leaseSeconds: 900, renewable: false });
    await use();
    await harness.recorded.line("logged in");
    harness.advance(601);
    await use();
    await harness.recorded.line("logged in");
    expect([vault.count(login), vault.count(renewal)]).toEqual([2, 0]);
  });

  test("is repeated after the lease ended unused", async () => {
    await use();
    harness.advance(901);
    await use();
    expect([vault.count(login), vault.count(renewal)]).toEqual([2, 0]);
  });

  test("is repeated once, without a failed call, when Vault forgot the token during many requests", async () => {
    const ref = newRef();
    await harness.store.create(ref, { key: "value" }, {});
    vault.revokeTokens();
    const secrets = await Promise.all(Array.from({ length: 20 }, () => harness.store.find(ref)));
    expect(secrets).toEqual(Array.from({ length: 20 }, () => ({ key: "value" })));
    expect(vault.count(login)).toBe(2);
  });

  test("is repeated at most once a second while Vault refuses everything", async () => {
    await use();
    vault.misbehave(denied, { when: /^GET secret/ });
    for (let index = 0; index < 5; index += 1) await catchError(use());
    expect(vault.count(login)).toBe(2);
    harness.advance(1);
    await catchError(use());
    await catchError(use());
    expect(vault.count(login)).toBe(3);
  });

  test("is sent at most once a second while Vault refuses it", async () => {
    vault.misbehave(answer(400, { errors: ["invalid role or secret ID"] }), { when: login });
    for (let index = 0; index < 5; index += 1) {
      expect(await catchError(use())).toMatchObject({
        code: "SECRET_STORE_UNAVAILABLE",
        message: expect.stringMatching(/refuses EOM's login/),
      });
    }
    expect(vault.count(login)).toBe(1);
    expect(await harness.store.check()).toMatch(/refuses EOM's login.*invalid role or secret ID/);
    vault.behave();
    harness.advance(1);
    await use();
  });

  test("writes no token and no credential to the log", async () => {
    await giveUpSoon();
    await use();
    harness.advance(601);
    await use();
    await harness.recorded.line("renewed the Vault token");
    vault.misbehave(hang, { when: renewal });
    harness.advance(601);
    await use();
    await harness.recorded.line("could not be refreshed");
    const tokens = vault.calls.flatMap(({ token }) => token ?? []);
    expectNoTrace(harness.recorded.lines, [...tokens, vault.roleId, vault.secretId]);
  });

  test("waits for a refresh when the store is closed", async () => {
    await giveUpSoon();
    await use();
    vault.misbehave(hang, { when: renewal });
    harness.advance(700);
    await use();
    await harness.store.close();
    await harness.recorded.line("could not be refreshed");
  });
});

describe("the vault secret store's credential file", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "eom-vault-"));
    file = join(folder, "credential");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("is read again when Vault refuses the token that was read before", async () => {
    const harness = await startVaultHarness(() => ({ method: "token", tokenFile: file }));
    await writeFile(file, "an-old-token");
    expect(await catchError(harness.store.find(newRef()))).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE" });
    await writeFile(file, `${harness.vault.token}\n`);
    harness.advance(1);
    expect(await harness.store.find(newRef())).toBeNull();
    await harness.stop();
  });

  test("is named to operators when it is missing or empty, but not to clients", async () => {
    const harness = await startVaultHarness(() => ({ method: "kubernetes", role: "eom", jwtFile: file }));
    expect(await harness.store.check()).toContain(`${file}: ENOENT`);
    await writeFile(file, "\n");
    expect(await harness.store.check()).toContain(`${file}: empty`);
    const error = await catchError(harness.store.find(newRef()));
    expect(error).toMatchObject({ code: "SECRET_STORE_UNAVAILABLE", message: expect.not.stringContaining(folder) });
    expect(harness.vault.calls).toEqual([]);
    await harness.stop();
  });

  test("is refused with a reason, and neither sent nor shown, when no header can carry it", async () => {
    const harness = await startVaultHarness(() => ({ method: "token", tokenFile: file }));
    for (const [text, problem] of [
      ["canary\ntoken ä", "U+000A at character 7"],
      ["canary-ä", "U+00E4 at character 8"],
      ['"canary"', "no quotation marks"],
    ] as const) {
      await writeFile(file, text);
      const error = await catchError(harness.store.find(newRef()));
      expect(error).toMatchObject({
        code: "SECRET_STORE_UNAVAILABLE",
        message: expect.stringContaining("own credential"),
      });
      const advice = await harness.store.check();
      expect(advice).toContain(problem);
      expectNoTrace([error, harness.recorded.lines, advice], ["canary"]);
    }
    expect(harness.vault.calls).toEqual([]);
    await harness.stop();
  });
});

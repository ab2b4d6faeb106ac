import type { SecretStore } from "../../../src/secrets/store.ts";
import type { VaultAuth, VaultOptions } from "../../../src/secrets/vault/options.ts";
import { createVaultSecretStore } from "../../../src/secrets/vault/vault.ts";
import { type MisbehavingVault, startMisbehavingVault } from "../../support/vault/misbehaving-vault.ts";
import { createRecordedLog, type RecordedLog } from "../recorded-log.ts";

/** A store on a Vault that misbehaves on demand, with a monotonic clock that stands still until `advance` moves it. */
export interface VaultHarness {
  readonly vault: MisbehavingVault;
  readonly store: SecretStore;
  readonly recorded: RecordedLog;
  advance(seconds: number): void;
  stop(): Promise<void>;
}

/** For a Vault that answers; not reached on a busy machine. */
const timeoutMilliseconds = 20_000;

/** For a Vault that falls silent: short enough to wait for, long enough for the calls before. */
export const soon = { timeoutMilliseconds: 1_200 };

/** Starts a Vault and a store that logs in to it, by AppRole unless `toAuth` says otherwise. */
export async function startVaultHarness(
  toAuth: (vault: MisbehavingVault) => VaultAuth = toAppRole,
  options: Partial<VaultOptions> = {},
): Promise<VaultHarness> {
  const vault = await startMisbehavingVault();
  const recorded = createRecordedLog();
  let now = 0;
  const store = createVaultSecretStore({
    address: vault.address,
    mount: "secret",
    pathPrefix: "",
    auth: toAuth(vault),
    monotonic: () => now,
    timeoutMilliseconds,
    log: recorded.log,
    ...options,
  });
  return {
    vault,
    store,
    recorded,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    stop: async () => {
      await store.close();
      await vault.stop();
    },
  };
}

function toAppRole({ roleId, secretId }: MisbehavingVault): VaultAuth {
  return { method: "approle", roleId, secretId };
}

export function toToken({ token }: MisbehavingVault): VaultAuth {
  return { method: "token", token };
}

import type { SecretStore } from "../../src/secrets/store.ts";
import type { VaultAuth, VaultOptions } from "../../src/secrets/vault/options.ts";
import { createVaultSecretStore } from "../../src/secrets/vault/vault.ts";
import { type MisbehavingVault, startMisbehavingVault } from "../support/vault/misbehaving-vault.ts";
import { createRecordedLog, type RecordedLog } from "./recorded-log.ts";

/** A store on a Vault that misbehaves on demand, with a clock that stands still until it is moved. */
export interface VaultHarness {
  readonly vault: MisbehavingVault;
  readonly store: SecretStore;
  readonly recorded: RecordedLog;
  advance(seconds: number): void;
  stop(): Promise<void>;
}

/** For a Vault that answers: never reached, however busy the machine is. */
const timeoutMilliseconds = 20_000;

/** For a Vault that is silent: short enough to wait for, long enough for the calls before it falls silent. */
export const soon = { timeoutMilliseconds: 1_200 };

/** `auth` is a login of the vault's own by default. */
export async function startVaultHarness(
  toAuth: (vault: MisbehavingVault) => VaultAuth = toAppRole,
  options: Partial<VaultOptions> = {},
): Promise<VaultHarness> {
  const vault = await startMisbehavingVault();
  const recorded = createRecordedLog();
  let now = Date.parse("2026-11-23T10:00:00Z");
  const store = createVaultSecretStore({
    address: vault.address,
    auth: toAuth(vault),
    clock: { now: () => new Date(now) },
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

import { systemClock } from "../../platform/clock.ts";
import type { SecretStore } from "../store.ts";
import { checkVault } from "./check.ts";
import { createVaultClient } from "./client.ts";
import { toVaultFailure } from "./fault.ts";
import { createVaultKv } from "./kv.ts";
import type { VaultOptions } from "./options.ts";
import { createVaultSession } from "./session.ts";
import { createVaultTokens } from "./tokens.ts";

const defaultTimeoutMilliseconds = 5000;

/**
 * Keeps secrets in a KV version 2 mount of HashiCorp Vault or OpenBao. Speaks with it at the first call, not before.
 *
 * Its policy needs `create` and `read` on `<mount>/data/<pathPrefix>/*` and `delete` on `<mount>/metadata/<pathPrefix>/*`;
 * with `create` and `update` on the latter, the labels are kept as custom metadata.
 */
export function createVaultSecretStore(options: VaultOptions): SecretStore {
  const { auth, log, clock = systemClock, timeoutMilliseconds = defaultTimeoutMilliseconds } = options;
  const client = createVaultClient({ ...options, timeoutMilliseconds });
  const tokens = createVaultTokens({ client, auth, clock, log });
  const session = createVaultSession({ client, tokens, clock, patienceMilliseconds: timeoutMilliseconds / 2 });
  const kv = createVaultKv({ session, mount: options.mount ?? "secret", pathPrefix: options.pathPrefix ?? "" });
  let closing: Promise<void> | null = null;
  return {
    kind: "vault",
    create: (ref, secret, labels) => atBorder(kv.create(ref, secret, labels)),
    find: (ref) => atBorder(kv.find(ref)),
    delete: (ref) => atBorder(kv.delete(ref)),
    check: () => checkVault(kv),
    close: () => {
      closing ??= tokens.settle().then(() => client.close());
      return closing;
    },
  };
}

async function atBorder<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toVaultFailure(error);
  }
}

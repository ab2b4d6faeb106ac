import type { SecretStore } from "../store.ts";
import { checkVault } from "./check.ts";
import { createVaultClient } from "./client.ts";
import { toVaultFailure } from "./fault.ts";
import { createVaultKv } from "./kv.ts";
import type { VaultOptions } from "./options.ts";
import { createVaultSession } from "./session.ts";
import { createVaultTokens } from "./tokens.ts";

/**
 * Stores secrets in a KV version 2 mount of HashiCorp Vault or OpenBao. Connects at the first call.
 *
 * Its policy needs `create` and `read` on `<mount>/data/<pathPrefix>/*` and `delete` on `<mount>/metadata/<pathPrefix>/*`;
 * with `create` and `update` on the latter it can also store the labels, as custom metadata.
 */
export function createVaultSecretStore(options: VaultOptions): SecretStore {
  const { auth, log, monotonic, timeoutMilliseconds, mount, pathPrefix } = options;
  const client = createVaultClient(options);
  const tokens = createVaultTokens({ client, auth, monotonic, log });
  const session = createVaultSession({
    client,
    tokens,
    monotonic,
    patienceMilliseconds: timeoutMilliseconds / 2,
    limitMilliseconds: timeoutMilliseconds * 2,
  });
  const kv = createVaultKv({ session, mount, pathPrefix });
  let closing: Promise<void> | null = null;
  return {
    kind: "vault",
    create: (ref, secret, labels) => withPublicFailure(kv.create(ref, secret, labels)),
    find: (ref) => withPublicFailure(kv.find(ref)),
    delete: (ref) => withPublicFailure(kv.delete(ref)),
    check: () => checkVault(kv),
    close: () => {
      closing ??= tokens.finish().then(() => client.close());
      return closing;
    },
  };
}

async function withPublicFailure<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toVaultFailure(error);
  }
}

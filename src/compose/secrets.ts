import { createSecretKey } from "node:crypto";
import { systemMonotonic } from "../platform/clock.ts";
import type { Config } from "../platform/config/config.ts";
import { readConfiguredFile, UnreadableFile } from "../platform/configured-file.ts";
import type { Database } from "../platform/database/tables.ts";
import type { Logger } from "../platform/log.ts";
import { createEmbeddedSecretStore } from "../secrets/embedded/embedded.ts";
import { readOrCreateKeyFile } from "../secrets/embedded/key-file.ts";
import type { SecretStore } from "../secrets/store.ts";
import type { VaultAuth } from "../secrets/vault/options.ts";
import type { ProgramDatabase } from "./database.ts";

/** Limit for one call of Vault. */
const vaultMilliseconds = 5000;

/** Opens the store that EOM_SECRETS names. Vault is contacted at the first secret, not here. */
export async function openSecretStore(config: Config, db: Database, log: Logger): Promise<SecretStore> {
  if (config.EOM_SECRETS === "embedded") {
    return createEmbeddedSecretStore({ db, key: await readOrCreateKeyFile(config.keyFile) });
  }
  const { createVaultSecretStore } = await import("../secrets/vault/vault.ts");
  return createVaultSecretStore({
    address: config.VAULT_ADDR ?? "",
    mount: config.EOM_VAULT_MOUNT,
    pathPrefix: config.EOM_VAULT_PREFIX,
    auth: toVaultAuth(config),
    monotonic: systemMonotonic,
    timeoutMilliseconds: vaultMilliseconds,
    log,
    ...(config.VAULT_NAMESPACE === null ? {} : { namespace: config.VAULT_NAMESPACE }),
    ...(config.EOM_VAULT_CA === null ? {} : { ca: readAuthority(config.EOM_VAULT_CA) }),
  });
}

/** @throws an Error with a sentence */
function readAuthority(path: string): string {
  try {
    return readConfiguredFile(path).content.toString();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new Error(`EOM_VAULT_CA names ${error.message}: correct the path or the file's permissions`, {
      cause: error,
    });
  }
}

/** The configuration was checked to have the variables of its method. */
function toVaultAuth(config: Config): VaultAuth {
  const mount = config.EOM_VAULT_AUTH_MOUNT === null ? {} : { mount: config.EOM_VAULT_AUTH_MOUNT };
  switch (config.EOM_VAULT_AUTH) {
    case "kubernetes":
      return { method: "kubernetes", ...mount, role: config.EOM_VAULT_ROLE ?? "", jwtFile: config.EOM_VAULT_JWT_PATH };
    case "approle":
      return {
        method: "approle",
        ...mount,
        roleId: config.EOM_VAULT_ROLE_ID ?? "",
        secretId: config.EOM_VAULT_SECRET_ID ?? "",
      };
    case "token":
      return config.EOM_VAULT_TOKEN_FILE === null
        ? { method: "token", token: config.VAULT_TOKEN ?? "" }
        : { method: "token", tokenFile: config.EOM_VAULT_TOKEN_FILE };
  }
}

/** A store with a key of zeros, where nothing is sealed or opened. */
export function openNoSecrets({ db }: ProgramDatabase): SecretStore {
  return createEmbeddedSecretStore({ db, key: createSecretKey(Buffer.alloc(32)) });
}

/**
 * Refuses a key file that does not open the sealed secrets: a lost key file is created anew, and nobody would notice before the
 * first credential is needed.
 *
 * @throws Error with a sentence
 */
export async function requireMatchingKeyFile(secrets: SecretStore): Promise<void> {
  const problem = secrets.kind === "embedded" ? await secrets.check() : null;
  if (problem !== null) throw new Error(problem);
}

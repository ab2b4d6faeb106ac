import type { Monotonic } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";

/** How EOM authenticates to Vault. Files are read anew at every login, because other programs rotate them. */
export type VaultAuth =
  | { readonly method: "token"; readonly token: string }
  | { readonly method: "token"; readonly tokenFile: string }
  | { readonly method: "kubernetes"; readonly mount?: string; readonly role: string; readonly jwtFile: string }
  | { readonly method: "approle"; readonly mount?: string; readonly roleId: string; readonly secretId: string };

/** How to reach and use Vault. */
export interface VaultOptions {
  /** As VAULT_ADDR: scheme, host, port and an optional base path. */
  readonly address: string;
  /** The namespace of both the mount and the login. */
  readonly namespace?: string;
  /** The mount of a KV version 2 engine. */
  readonly mount: string;
  /** Begins the path of every reference, so that a policy can allow this path alone. May be empty. */
  readonly pathPrefix: string;
  readonly auth: VaultAuth;
  /** PEM of the certificate authorities to trust instead of the system's. */
  readonly ca?: string;
  /** Limit for one call, from connecting to the last byte of its answer. A request with its logins and retries has twice as long. */
  readonly timeoutMilliseconds: number;
  readonly monotonic: Monotonic;
  readonly log: Logger;
}

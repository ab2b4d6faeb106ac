import type { Clock } from "../../platform/clock.ts";
import type { Logger } from "../../platform/log.ts";

/** How EOM proves to Vault who it is. Files are read anew at every login: what lies in them is rotated by others. */
export type VaultAuth =
  | { readonly method: "token"; readonly token: string }
  | { readonly method: "token"; readonly tokenFile: string }
  | { readonly method: "kubernetes"; readonly mount?: string; readonly role: string; readonly jwtFile: string }
  | { readonly method: "approle"; readonly mount?: string; readonly roleId: string; readonly secretId: string }
  | { readonly method: "approle"; readonly mount?: string; readonly roleId: string; readonly secretIdFile: string };

export interface VaultOptions {
  /** As VAULT_ADDR: scheme, host, port and perhaps a base path. */
  readonly address: string;
  /** Of the mount and of the login alike. */
  readonly namespace?: string;
  /** Of a KV version 2 engine; default `secret`. */
  readonly mount?: string;
  /** Stands before every reference, so that a policy can be bound to it. */
  readonly pathPrefix?: string;
  readonly auth: VaultAuth;
  /** PEM. Replaces the system's certificate authorities. */
  readonly ca?: string;
  /** For one call, from connecting to the last byte of its answer. Default 5 s. */
  readonly timeoutMilliseconds?: number;
  readonly clock?: Clock;
  readonly log: Logger;
}
